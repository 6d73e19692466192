"""The count of one reading: every row that came in was yielded, rejected or skipped, and each reason is known.

Comes in: events with 1-based row numbers. Goes out: counts, the quarantine list and findings. It never takes a value
(INVARIANT I15): there is no argument through which a cell could reach a finding.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.errors import DataRefused, Finding
from connectors.formats.codes import NOTES, REJECTIONS, SKIPS
from connectors.limits import Clock, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that could not be read: its 1-based number in the source and the code that says why."""

    row: int
    code: str

    @property
    def reason(self) -> str:
        """The reason in words."""
        return REJECTIONS[self.code].message


class Tally:
    """Counts while reading. ``read == yielded + len(rejected) + sum(skipped.values())`` holds after every call."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._deadline = clock() + limits.max_seconds
        self.yielded = 0
        self._rejected: list[Rejected] = []
        self._skipped: Counter[str] = Counter()
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def read(self) -> int:
        """Rows that came in so far."""
        return self.yielded + len(self._rejected) + self._skipped.total()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The quarantine, in the order of the file."""
        return tuple(self._rejected)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Rows left out on purpose, by code."""
        return dict(sorted(self._skipped.items()))

    def accept(self, count: int) -> None:
        """``count`` more rows were yielded."""
        self.yielded += count
        self.check()

    def reject(self, row: int, code: str) -> None:
        """The row is damaged: it goes to the quarantine."""
        if len(self._rejected) >= self._limits.max_rejected_rows:
            raise DataRefused(
                "CR-D105",
                f"more than {self._limits.max_rejected_rows} rows of the file cannot be read",
                help="the dialect is probably wrong: compare delimiter, quote and encoding with the file",
            )
        self._rejected.append(Rejected(row=row, code=code))
        self._note(code, "", row, 1)

    def skip(self, row: int, code: str, count: int = 1) -> None:
        """The row holds no record (blank, repeated header, footer ...)."""
        self._skipped[code] += count
        self._note(code, "", row, count)

    def note(self, code: str, *, row: int | None = None, column: str = "", count: int = 1) -> None:
        """Something the owner should know that changes no count."""
        self._note(code, column, row, count)

    def _note(self, code: str, column: str, row: int | None, count: int) -> None:
        key = (code, column)
        self._counts[key] += count
        rows = self._rows.setdefault(key, [])
        if row is not None and len(rows) < self._limits.max_noted_rows:
            rows.append(row)

    def check(self) -> None:
        """Raise CR-D103 when the file has cost too many rows or seconds (I1)."""
        if self.read > self._limits.max_rows:
            raise over_limit("rows", self._limits.max_rows)
        if self._clock() > self._deadline:
            raise over_limit("seconds", int(self._limits.max_seconds))

    def findings(self) -> tuple[Finding, ...]:
        """All findings so far, sorted by code and column."""
        found = []
        for code, column in sorted(self._counts):
            meaning = REJECTIONS.get(code) or SKIPS.get(code) or NOTES[code]
            found.append(
                Finding(
                    code=code,
                    severity=meaning.severity,
                    message=meaning.message,
                    help=meaning.help,
                    column=column,
                    count=self._counts[(code, column)],
                    rows=tuple(self._rows[(code, column)]),
                )
            )
        return tuple(found)


def over_limit(what: str, limit: int) -> DataRefused:
    """The refusal for a file that goes over a limit."""
    return DataRefused(
        "CR-D103", f"the file goes over the limit of {limit} {what}", help="split the file, or have the limit raised"
    )
