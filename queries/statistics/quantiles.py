"""A histogram whose counts may be withheld -> a quantile, as a range."""

from collections.abc import Sequence


def histogram_quantile(classes: Sequence[tuple[float, int, int]], share: float) -> tuple[float, float]:
    """The ``share`` quantile's least and greatest possible value.

    Args:
        classes: ``(upper end, lowest count, highest count)``; classes touch, the first begins at 0. Inside a class
            values are taken as evenly spread.
        share: 0 < share < 1.

    Raises:
        ValueError: no class can hold anything.
    """
    ordered = sorted(classes)
    found: list[float] = []
    for early in (True, False):
        # the quantile is least when early classes are as full, and late ones as empty, as they can be: try every split
        for split in range(len(ordered) + 1):
            counts = [high if (place < split) == early else low for place, (_, low, high) in enumerate(ordered)]
            if sum(counts):
                found.append(_quantile([end for end, _, _ in ordered], counts, share))
    if not found:
        raise ValueError("an empty histogram has no quantile")
    return min(found), max(found)


def _quantile(ends: Sequence[float], counts: Sequence[int], share: float) -> float:
    wanted, seen, start = share * sum(counts), 0.0, 0.0
    for end, count in zip(ends, counts, strict=True):
        if count and seen + count >= wanted:
            return start + (end - start) * (wanted - seen) / count
        seen, start = seen + count, end
    return ends[-1]
