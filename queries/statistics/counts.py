"""A count that may have been withheld: exact, or known only to lie between two bounds.

A withheld number is never zero and never guessed: every statistic that meets one gives the range of answers the bounds
allow. ``high`` of a number withheld for its units is one below the policy's minimum (one unit may carry more than one
claim, so pass a larger bound where a number is not itself a count of units).
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """``low`` <= the true count <= ``high``; equal when it was released."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError("a count's bounds are 0 <= low <= high")

    @classmethod
    def exact(cls, value: int) -> "Count":
        """A released count."""
        return cls(value, value)

    @property
    def is_exact(self) -> bool:
        """Whether the count was released."""
        return self.low == self.high

    @property
    def middle(self) -> float:
        """Midpoint of the bounds, for starting values and for drawing; never reported as the count."""
        return (self.low + self.high) / 2

    def __add__(self, other: "Count") -> "Count":
        return Count(self.low + other.low, self.high + other.high)


def total(counts: Iterable[Count]) -> Count:
    """The sum, with bounds that add."""
    low = high = 0
    for count in counts:
        low, high = low + count.low, high + count.high
    return Count(low, high)
