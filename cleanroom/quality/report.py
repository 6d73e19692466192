"""What the uploader sees about a file: rule in words, rows, share, how to fix, trend. Never a value.

Comes in: tallies of rules and findings about the whole file. Goes out: ``QualityReport`` and its JSON.
"""

from dataclasses import asdict, dataclass

from cleanroom.canonical import canonical_json
from cleanroom.errors import Finding
from cleanroom.quality.identity import IdentifierQuality
from cleanroom.quality.shares import share_text, thousandths


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One earlier file: its size and how much of it was quarantined."""

    rows: int
    quarantined: int
    first_day: str | None
    last_day: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """One rule about single rows that some row breaks. ``rule`` is its id, the same in every file; ``rows`` break it."""

    rule: str
    column: str
    severity: str
    words: str
    help: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What Great Expectations said: ``checked_rows`` of the file, how many expectations held, and where it disagreed.

    ``state`` is ``agreed``, ``disagreed``, ``pending`` (asked after the receipt), ``interrupted`` (the room was closed
    before it came), ``too busy``, ``not installed`` or ``failed``; the one-pass gate decides in any case.
    """

    state: str
    checked_rows: int = 0
    expectations: int = 0
    held: int = 0
    disagreements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The page about one file. ``findings`` are sorted by severity, then rule; ``trend`` is oldest first.

    ``rules`` are the findings about rows once more, by rule, as a trend needs them.
    """

    rows: int
    quarantined: int
    findings: tuple[Finding, ...]
    trend: tuple[Trend, ...] = ()
    evidence: Evidence | None = None
    rules: tuple[RuleCount, ...] = ()
    identifiers: tuple[IdentifierQuality, ...] = ()

    @property
    def fatal(self) -> tuple[Finding, ...]:
        """The findings that refuse the file."""
        return tuple(finding for finding in self.findings if finding.severity == "fatal")

    def to_json(self) -> bytes:
        """Canonical JSON; holds counts, row numbers, column names and words."""
        return canonical_json(asdict(self))


_RANK = ("fatal", "error", "warning", "note")


def sorted_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The gravest first, then by rule."""
    return tuple(sorted(findings, key=lambda finding: (_RANK.index(finding.severity), finding.code, finding.message)))


def share_in_words(part: int, whole: int) -> str:
    """``3 of 1,200 rows (0.2 %)``; never rounds something to nothing."""
    return f"{part:,} of {whole:,} rows ({share_text(thousandths(part, whole))})"
