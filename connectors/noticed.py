"""What preparation noticed, counted: skips, rejects, repairs. Counts and row numbers only, never a value (I15)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from cleanroom.errors import Finding
from connectors.limits import DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Severity, words and help of a code."""

    severity: str
    message: str
    help: str = ""


MEANINGS: Mapping[str, Meaning] = {
    "CR-D601": Meaning(severity="error", message="a required value is missing", help="fill it in at the source"),
    "CR-D602": Meaning(
        severity="error",
        message="this is not a date",
        help="ISO 8601 is read as it is; for any other order name `date_format` in the mapping",
    ),
    "CR-D603": Meaning(
        severity="error", message="this is not a number", help="name `decimal` and `thousands` in the mapping"
    ),
    "CR-D604": Meaning(severity="error", message="this is not a whole number", help="check the column in the mapping"),
    "CR-D605": Meaning(
        severity="error", message="this is neither true nor false", help="translate the cells with `values`"
    ),
    "CR-D606": Meaning(
        severity="error", message="without a transaction number the line has no id", help="fill it in at the source"
    ),
    "CR-D610": Meaning(severity="note", message="rows were left out by the mapping's skip rule"),
    "CR-D611": Meaning(severity="note", message="rows that repeat another row exactly were left out"),
    "CR-D620": Meaning(
        severity="note",
        message="rows repeat another row exactly; they are kept as lines of their own",
        help="if the feed repeats itself, set `duplicates: drop` in the mapping",
    ),
    "CR-D621": Meaning(severity="note", message="a `.0` tail was removed from number-like identifiers"),
    "CR-D622": Meaning(severity="note", message="numbers were rounded to four decimals"),
    "CR-D623": Meaning(
        severity="note",
        message="the key was derived from the transaction number and the line's place in it",
        help="map the key column if the source has one",
    ),
    "CR-D624": Meaning(
        severity="note", message="no row has a scope for its serial; units are matched by serial alone", help="map it"
    ),
    "CR-N010": Meaning(
        severity="warning",
        message="identifiers are not valid and were left empty",
        help="correct them at the source; the rows themselves are kept",
    ),
    "CR-N011": Meaning(severity="note", message="identifiers were repaired"),
}


class Noticed:
    """Counts by code, column and detail; keeps the first row numbers of each."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._rows: dict[tuple[str, str, str], list[int]] = {}

    def add(self, code: str, rows: pl.Series, *, column: str = "", detail: str = "") -> None:
        """``rows`` are source row numbers; ``detail`` is a reason or the mapping's own text, never a value."""
        if rows.len() == 0:
            return
        key = (code, column, detail)
        self._counts[key] += rows.len()
        kept = self._rows.setdefault(key, [])
        kept.extend(rows.head(DEFAULT_LIMITS.max_noted_rows - len(kept)).to_list())

    def add_count(self, code: str, count: int, *, column: str = "") -> None:
        """``count`` rows whose numbers are not known."""
        if count:
            self._counts[(code, column, "")] += count

    def findings(self) -> tuple[Finding, ...]:
        """All of it, sorted."""
        return tuple(self._finding(*key) for key in sorted(self._counts))

    def _finding(self, code: str, column: str, detail: str) -> Finding:
        meaning = MEANINGS[code]
        key = (code, column, detail)
        return Finding(
            code=code,
            severity=meaning.severity,
            message=f"{meaning.message}: {detail}" if detail else meaning.message,
            help=meaning.help,
            column=column,
            count=self._counts[key],
            rows=tuple(self._rows.get(key, ())),
        )


def merged(groups: Iterable[tuple[Finding, ...]], *, one_file: bool) -> tuple[Finding, ...]:
    """All findings, equal ones added up; with several files a row number would not say of which, so none is kept."""
    together: dict[tuple[str, str, str], Finding] = {}
    for finding in (finding for group in groups for finding in group):
        key = (finding.code, finding.column, finding.message)
        earlier = together.get(key)
        together[key] = _sum(finding, earlier, one_file=one_file)
    return tuple(together[key] for key in sorted(together))


def _sum(finding: Finding, earlier: Finding | None, *, one_file: bool) -> Finding:
    count = finding.count + (earlier.count if earlier is not None else 0)
    return replace(finding, count=count, rows=finding.rows if one_file else ())
