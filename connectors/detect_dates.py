"""Texts of a column -> the date formats that fit all of them; several with different meanings are a question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

_MIN_YEAR, _MAX_YEAR = 1970, 2099
_ORDERS = {
    "/": ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y"),
    ".": ("%d.%m.%Y", "%Y.%m.%d", "%d.%m.%y"),
    "-": ("%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d-%m-%y"),
    " ": ("%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y", "%b %d, %Y", "%B %d, %Y"),
}
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S.%f")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?\Z")
_ISO_FORMAT = "%Y-%m-%d"
_LOOKS = re.compile(r"(?=.*\d)[\dA-Za-z/., :+-]{6,40}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DateGuess:
    """``formats`` that read every text; ``is_iso`` needs no format in a mapping; ``has_time`` says a clock follows."""

    formats: tuple[str, ...]
    is_ambiguous: bool
    is_iso: bool
    has_time: bool


def guess_dates(texts: Sequence[str]) -> DateGuess | None:
    """The formats in which all of ``texts`` (not empty) are dates, or None."""
    if all(_ISO.match(text) and _is_day(text[:10]) for text in texts):
        has_time = any(len(text) > 10 and not text[11:].startswith("00:00:00") for text in texts)
        return DateGuess(formats=(_ISO_FORMAT,), is_ambiguous=False, is_iso=True, has_time=has_time)
    if not all(_LOOKS.match(text) for text in texts[:200]):
        return None
    distinct = sorted(set(texts))
    fitting = [form for form in _candidates(distinct[0]) if all(_reads(text, form) for text in distinct)]
    if not fitting:
        return None
    return DateGuess(
        formats=tuple(fitting),
        is_ambiguous=_differ(distinct, fitting),
        is_iso=False,
        has_time="%H" in fitting[0] or "%I" in fitting[0],
    )


def _is_day(text: str) -> bool:
    return _reads(text, _ISO_FORMAT)


def _candidates(text: str) -> Iterator[str]:
    if re.fullmatch(r"\d{8}", text):
        yield "%Y%m%d"
        return
    for mark, orders in _ORDERS.items():
        if mark not in text:
            continue
        for order in orders:
            for clock in _CLOCKS:
                form = f"{order} {clock}".strip()
                if _reads(text, form):
                    yield form


def _reads(text: str, form: str) -> bool:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - a store's local time
    except ValueError:
        return False
    return _MIN_YEAR <= moment.year <= _MAX_YEAR


def _differ(texts: Sequence[str], forms: Sequence[str]) -> bool:
    """Whether two of the formats read some text as different days."""
    if len(forms) < 2:
        return False
    return any(len({datetime.strptime(text, form) for form in forms}) > 1 for text in texts)  # noqa: DTZ007
