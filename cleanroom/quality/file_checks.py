"""A file's figures x those of the last files -> findings about the file as a whole.

Row rules cannot see a file that is wholly wrong but row by row plausible: moved in time, shrunken, made under another
identifier profile, shifted by a column. Each check is one function in ``_CHECKS``. Shares are in thousandths.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from cleanroom.errors import Finding
from cleanroom.vault.commit import FileProfile

_FEW_ROWS = 20
"""Below this a share says nothing, and the checks keep quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContext:
    """``before`` are the last files of the dataset, oldest first. ``appending``: the push cannot restate rows.

    ``broken`` is how many rows the error rules take out, ``broken_columns`` how many columns of the contract each
    break in more than half of the rows.
    """

    now: FileProfile
    before: Sequence[FileProfile]
    appending: bool
    broken: int
    broken_columns: int


def file_findings(context: FileContext) -> tuple[Finding, ...]:
    """All findings of all checks."""
    return tuple(finding for check in _CHECKS if (finding := check(context)) is not None)


def _empty(context: FileContext) -> Finding | None:
    if context.now.rows:
        return None
    return _finding("CR-V030", "fatal", "the file has no rows", "check the extract; an empty file is not sent")


def _mostly_broken(context: FileContext) -> Finding | None:
    now = context.now
    if now.rows < _FEW_ROWS or 2 * context.broken <= now.rows:
        return None
    if context.broken_columns > 1:
        return _finding(
            "CR-V031",
            "fatal",
            f"{context.broken_columns} columns break their rules in most rows: the columns look shifted",
            "compare the mapping with the file's header and first rows",
            context.broken,
        )
    return _finding(
        "CR-V032", "fatal", "more than half of the rows break a rule", "fix the mapping or the extract", context.broken
    )


def _moved_in_time(context: FileContext) -> Finding | None:
    now = context.now
    if not now.fingerprint or now.rows < _FEW_ROWS:
        return None
    twins = (f for f in context.before if f.fingerprint == now.fingerprint and f.rows == now.rows)
    if not any((f.first_day, f.last_day) != (now.first_day, now.last_day) for f in twins):
        return None
    return _finding(
        "CR-V033",
        "fatal" if context.appending else "warning",
        "the same rows arrived before with other dates: the whole file moved in time",
        "check the date format; to restate the dates on purpose push with mode upsert",
        now.rows,
    )


def _other_period(context: FileContext) -> Finding | None:
    days = _span(context.now)
    usual = sorted(span for file in context.before[-10:] if (span := _span(file)) is not None)
    if days is None or len(usual) < 3 or context.now.rows < _FEW_ROWS or days <= 31 + 3 * median_low(usual):
        return None
    return _finding(
        "CR-V037",
        "warning",
        f"the file spans {days:,} days, usually {median_low(usual):,}: it holds rows of another period",
        "check the extract's dates and the date format; push another period on its own, with mode upsert",
    )


def _span(file: FileProfile) -> int | None:
    """Days from the first to the last, both counted."""
    if file.first_day is None or file.last_day is None:
        return None
    return (date.fromisoformat(file.last_day) - date.fromisoformat(file.first_day)).days + 1


def _volume_drop(context: FileContext) -> Finding | None:
    sizes = [f.rows for f in context.before[-10:]]
    if len(sizes) < 5 or median_low(sizes) < _FEW_ROWS or 3 * context.now.rows >= median_low(sizes):
        return None
    return _finding(
        "CR-V034",
        "warning",
        f"{context.now.rows:,} rows; the last {len(sizes)} files had {median_low(sizes):,} in the middle",
        "check that the extract is complete",
        context.now.rows,
    )


def _tokens_missing(context: FileContext) -> Finding | None:
    for column, share in sorted(context.now.nulls.items()):
        usual = _usual([f.nulls.get(column) for f in context.before])
        if usual is not None and context.now.rows >= _FEW_ROWS and share >= usual + 300:
            message = f"`{column}` is missing in {share // 10} % of the rows, usually in {usual // 10} %"
            return _finding("CR-V035", "warning", message, "check the identifier column's mapping and profile")
    return None


def _match_collapse(context: FileContext) -> Finding | None:
    renamed = bool(context.before) and context.before[-1].profiles != context.now.profiles
    for column, share in sorted(context.now.seen.items()):
        usual = _usual([f.seen.get(column) for f in context.before])
        is_empty = context.now.nulls.get(column, 0) >= 1000  # nothing to match: that it is missing is said already
        if usual is not None and not is_empty and context.now.rows >= _FEW_ROWS and usual >= 200 and 4 * share < usual:
            why = "after its profiles changed" if renamed else "all of a sudden"
            message = f"{share // 10} % of `{column}` were seen before, usually {usual // 10} %: matching fell {why}"
            return _finding("CR-V036", "warning", message, "prepare with the profile and key used before")
    return None


def _usual(shares: Sequence[int | None]) -> int | None:
    known = [share for share in shares[-10:] if share is not None]
    return median_low(known) if len(known) >= 3 else None


def _finding(code: str, severity: str, message: str, fix: str, count: int = 0) -> Finding:
    return Finding(code=code, severity=severity, message=message, help=fix, count=count)


_CHECKS: tuple[Callable[[FileContext], Finding | None], ...] = (
    _empty,
    _mostly_broken,
    _moved_in_time,
    _other_period,
    _volume_drop,
    _tokens_missing,
    _match_collapse,
)
