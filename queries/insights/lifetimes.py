"""A plain table of lifetimes, in any of the layouts people print -> groups of failures and suspensions.

Layouts, told apart by their columns (``spellings`` lists how else they may be named):

* ``time`` with ``event`` (1 or F failed, 0 or S still running) or ``censored`` (1 still running), and an optional
  ``count``; without either, a time written ``6+`` is a suspension and every other a failure;
* ``time`` with ``failures`` and ``suspensions``, both counts;
* ``start`` and ``end`` of an interval, with ``count`` (empty end: still running; empty start: failed before the end;
  equal ones: known exactly), with ``event``, or with ``failures`` and ``suspensions`` (at the end of the interval);
* any of them with ``entry``, the age from which on a unit was watched (left truncation).
"""

from collections.abc import Mapping

from cleanroom.released import Withheld
from queries.insights.chart_input import count_in
from queries.insights.model import Cell, Settings, Table, number
from queries.insights.refused import InsightRefused
from queries.insights.spellings import spelled
from queries.statistics.counts import Count
from queries.statistics.nevada import Group

_FAILED = frozenset({"1", "f", "fail", "failed", "failure", "true", "yes", "y", "event", "dead", "died", "death",
                     "relapse", "exact", "x", "interval", "left"})  # fmt: skip
_RUNNING = frozenset({"0", "s", "c", "suspended", "suspension", "censored", "censor", "right censored", "right", "false",
                      "no", "n", "running", "survived", "survivor", "alive", "removed", "withdrawn", "unfailed", "+",
                      "rc", "r"})  # fmt: skip
_TIMES = ("time", "event", "censored", "count", "entry")
_GROUPED = ("time", "failures", "suspensions", "entry")
_INTERVALS = ("start", "end", "event", "censored", "count", "entry")
_GROUPED_INTERVALS = ("start", "end", "failures", "suspensions", "entry")
HELP = (
    "columns are `time` with `event` (1 or F failed, 0 or S running) and `count`; or `time`, `failures`, `suspensions`; "
    "or `start`, `end`, `count`; or a Nevada chart"
)


def is_lifetimes(table: Table) -> bool:
    """Whether it has the columns of one of the layouts; a Nevada chart has not."""
    return _layout(table) is not None


def lifetimes(table: Table, settings: Settings, *, insight: str) -> tuple[Group, ...]:
    """The groups in ``table``, row by row.

    Raises:
        InsightRefused: CR-B003 it is in none of the layouts, CR-B004 a cell is not of its kind, CR-B005 nothing is in it.
    """
    wanted = _layout(table)
    if wanted is None:
        raise InsightRefused("CR-B003", f"the input of `{insight}` holds no lifetimes", help=HELP, place=insight)
    known = spelled(table, wanted)
    groups = [g for record in known.records() for g in _groups(record, wanted, settings, insight) if g.count.high]
    if not groups:
        raise InsightRefused("CR-B005", "the file holds no unit", help=HELP, place=insight)
    return tuple(groups)


def _layout(table: Table) -> tuple[str, ...] | None:
    for wanted, needed in (
        (_GROUPED_INTERVALS, ("start", "end", "failures", "suspensions")),
        (_INTERVALS, ("start", "end")),
        (_GROUPED, ("time", "failures", "suspensions")),
        (_TIMES, ("time",)),
    ):
        if spelled(table, wanted).has(*needed):
            return wanted
    return None


def _groups(record: Mapping[str, Cell], wanted: tuple[str, ...], settings: Settings, insight: str) -> list[Group]:
    entry = 0.0 if record.get("entry") is None else read_age(record["entry"], insight)
    start, end = _ages(record, insight)
    if "failures" in wanted:
        failed, running = (count_in(record[name], settings, insight=insight) for name in ("failures", "suspensions"))
        age = end if end is not None else start
        if end is None and failed.high:
            raise InsightRefused("CR-B004", "failures stand in a row without an end", help=HELP, place=insight)
        found = [Group(start=start, end=end, count=failed, entry=entry)] if end is not None else []
        return [*found, Group(start=age, end=None, count=running, entry=entry)]
    count = count_in(record["count"], settings, insight=insight) if "count" in record else Count.exact(1)
    if end is not None and not _says_failed(record, insight):
        return [Group(start=max(start, end) if "time" not in record else end, end=None, count=count, entry=entry)]
    return [Group(start=start, end=end, count=count, entry=entry)]


def _ages(record: Mapping[str, Cell], insight: str) -> tuple[float, float | None]:
    """Where the row's ages begin and end; a single time is both."""
    if "time" in record:
        age = read_age(record["time"], insight)
        return age, age
    start = 0.0 if record["start"] is None else read_age(record["start"], insight)
    end = None if record["end"] is None or _is_endless(record["end"]) else read_age(record["end"], insight)
    if end is not None and end < start:
        raise InsightRefused("CR-B004", "an interval ends before it starts", place=insight)
    return start, end


def _is_endless(cell: Cell) -> bool:
    return str(cell).strip().casefold() in ("inf", "infinity", "+inf", "infinite", "*", ".", "na")


def read_age(cell: Cell, insight: str) -> float:
    """An age in periods, ``6+`` too; CR-B004 where the cell is none."""
    value = number(cell)
    if value is None and isinstance(cell, str):
        try:
            value = float(cell.strip().rstrip("+*").replace(",", ""))
        except ValueError:
            value = None
    if value is None or not 0 <= value < float("inf"):
        raise InsightRefused("CR-B004", "an age is not a number of at least 0", place=insight)
    return value


def _says_failed(record: Mapping[str, Cell], insight: str) -> bool:
    if "event" in record:
        return has_failed(record["event"], insight)
    if "censored" in record:
        text = _text(record["censored"])
        # A flag says the opposite of a word: 1 in a column called censored is a unit still running.
        return text in ("0", "false", "no", "n", "") if text in ("0", "1", "true", "false", "yes", "no", "y", "n", "") else (
            has_failed(record["censored"], insight)
        )  # fmt: skip
    written = record.get("time", record.get("end"))
    return not (isinstance(written, str) and written.strip().endswith(("+", "*")))


def has_failed(cell: Cell, insight: str) -> bool:
    """Whether an event cell says failed (1, F, a failure mode) or running (0, S); CR-B004 where it says neither."""
    text = _text(cell)
    if text in _RUNNING or text.startswith(("censor", "suspen", "right cens", "right-cens")):
        return False
    if text in _FAILED or text.startswith(("mode", "fail")):
        return True
    raise InsightRefused(
        "CR-B004", "an event is neither failed nor running", help="write 1 or F, 0 or S", place=insight
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, Withheld):
        return ""
    value = number(cell)
    if value is not None and value == int(value):
        return str(int(value))
    return "" if cell is None else str(cell).strip().casefold()
