"""Numbers over files -> a small chart and its words. Drawn as SVG attributes only: the page's policy admits no style.

The words are the chart's text alternative; the table beside it holds every number.
"""

from collections.abc import Callable, Sequence
from statistics import median_low

from markupsafe import Markup

_BAR, _GAP, _HEIGHT = 5, 1, 22
_LEAST = 1.5
"""Height of a bar that is not zero but would be too small to see."""


def sparkline(
    values: Sequence[int], label: str, show: Callable[[int], str] = "{:,}".format, *, least_top: int = 1
) -> Markup:
    """Bars from the oldest to the newest, scaled to the largest or to ``least_top``, so that little looks little.

    ``label`` says of what, ``show`` how a value reads.
    """
    if not values:
        return Markup("")
    top, width = max(least_top, *values), len(values) * (_BAR + _GAP) - _GAP
    bars = Markup("").join(
        Markup('<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}"{}></rect>').format(
            at * (_BAR + _GAP),
            _HEIGHT - height,
            _BAR,
            height,
            Markup(' class="now"') if at == len(values) - 1 else "",
        )
        for at, value in enumerate(values)
        for height in [max(_LEAST, _HEIGHT * value / top) if value else 0.0]
    )
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">{}'
        '<path d="M0 {}H{}"></path></svg>'
    ).format(_in_words(values, label, show), width, _HEIGHT + 1, width, _HEIGHT + 1, bars, _HEIGHT + 0.5, width)


def _in_words(values: Sequence[int], label: str, show: Callable[[int], str]) -> str:
    if len(values) == 1:
        return f"{label}: {show(values[0])} in the only file"
    return (
        f"{label} over the last {len(values)} files: {show(min(values))} to {show(max(values))}, "
        f"{show(median_low(values))} in the middle, {show(values[-1])} in the newest"
    )
