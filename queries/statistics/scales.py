"""Survey scores on their own scales -> 0 to 100, linearly."""

from collections.abc import Mapping

SCALES: Mapping[str, tuple[float, float]] = {"csat": (1.0, 5.0), "ces": (1.0, 7.0), "nps": (0.0, 10.0)}
"""Lowest and highest score of each measure, as usually asked."""


def to_percent(kind: str, score: float) -> float | None:
    """``score`` on 0 to 100; None for a measure whose scale is not known or a score outside it."""
    scale = SCALES.get(kind.casefold())
    if scale is None or not scale[0] <= score <= scale[1]:
        return None
    return round(100 * (score - scale[0]) / (scale[1] - scale[0]), 3)
