"""How good a file's identifiers are to match by: counts per identifier column, taken on the member's own machine.

Comes in with the signed manifest: counts only, for once identifiers are tokens nobody can see whether they were
malformed or easy to guess. Shown to the uploader, never to another member. Shares are in thousandths, so that nothing
here is a float. How many identifiers *match* another member's is a protected question like any other: the ``overlap``
insight asks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cleanroom.errors import Finding
from cleanroom.quality.shares import thousandths

_FEW = 20
"""Below this a share says nothing, and nothing is warned of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierQuality:
    """One identifier column of one file, made canonical under ``profile``.

    ``rows`` are the file's rows after the mapping's skips: ``missing`` had none, ``malformed`` one that the profile
    refuses. Of the others the first ``measured`` were looked at closer: ``repeated`` stand in an earlier row too;
    ``guessable`` have a neighbour among the others that is fewer than a thousand guesses away.
    """

    column: str
    profile: str
    rows: int
    missing: int
    malformed: int
    measured: int
    repeated: int
    guessable: int

    @property
    def missing_share(self) -> int:
        """Thousandths of all rows."""
        return thousandths(self.missing, self.rows)

    @property
    def malformed_share(self) -> int:
        """Thousandths of all rows."""
        return thousandths(self.malformed, self.rows)

    @property
    def repeated_share(self) -> int:
        """Thousandths of the measured."""
        return thousandths(self.repeated, self.measured)

    @property
    def guessable_share(self) -> int:
        """Thousandths of the measured."""
        return thousandths(self.guessable, self.measured)

    @property
    def is_guessable(self) -> bool:
        """Whether guessable identifiers are the rule in this file, not the exception."""
        return self.guessable >= _FEW and 2 * self.guessable >= self.measured


def identity_findings(identifiers: Sequence[IdentifierQuality]) -> tuple[Finding, ...]:
    """A warning for each column whose identifiers can be listed by counting."""
    return tuple(
        Finding(
            code="CR-V050",
            severity="warning",
            message=f"`{known.column}` can be guessed: most are fewer than 1,000 numbers away from another one",
            help="every member holds the collaboration key and could test all numbers against tokens it sees: give "
            "`unit_token` no grant but `count_distinct` in your policy, share the key with no more members than needed, "
            "and ask the maker for serials with a random part",
            column=known.column,
            count=known.guessable,
        )
        for known in identifiers
        if known.is_guessable
    )
