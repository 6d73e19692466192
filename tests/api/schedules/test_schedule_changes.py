"""What changed between two released answers, when a schedule is due, and dates that move: pure, by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schedules.cadence import parse_cadence
from api.schedules.changes import MAX_ROWS, Changed, Held, changes
from api.schedules.relative import resolved
from cleanroom.errors import UsageProblem
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, ShownValue, Withheld
from cleanroom.shape import LiteralType
from queries.parameters import Declared

_COLUMNS = (
    ReleasedColumn(name="region", type="text", role="dimension"),
    ReleasedColumn(name="units", type="integer", role="measure"),
)
Row = tuple[ShownValue | Withheld, ...]


def held(release: str, *rows: Row, dropped: int = 0, day: date | None = None) -> Held:
    """An answer by region."""
    withheld = sum(isinstance(cell, Withheld) for row in rows for cell in row)
    table = ReleasedTable(
        columns=_COLUMNS,
        rows=rows,
        withheld={Reason.UNITS: withheld} if withheld else {},
        rows_dropped=dropped,
        contributors={},
        policies=(),
        snapshots={},
        receivers=(),
    )
    return Held(title="Units", release_id=release, table=table, data_date=day)


def test_every_kind_of_change_is_named() -> None:
    """A new row, one that went, a number that moved, one withheld now, rows left out, newer data."""
    before = held("1", ("north", 10), ("south", 20), ("west", 30), day=date(2026, 9, 30))
    after = held("2", ("north", 11), ("south", Withheld(Reason.UNITS)), ("east", 40), dropped=1, day=date(2026, 10, 31))
    found = changes(before, after)
    assert found.words == (
        "The data reach to 2026-10-31, before to 2026-09-30.",
        "1 row is new.",
        "1 row is no longer listed.",
        "2 numbers moved.",
        "1 number is withheld, before 0.",
        "1 row is left out, before 0.",
    )
    assert found.rows == (
        Changed(cell="east", column="units", before="not listed", after="40"),
        Changed(cell="west", column="units", before="30", after="not listed"),
        Changed(cell="north", column="units", before="10", after="11"),
        Changed(cell="south", column="units", before="20", after="withheld"),
    )


def test_nothing_new_is_said_as_such() -> None:
    """The same release, the same numbers, the first one, other columns: each in its words."""
    one = held("1", ("north", 10))
    assert changes(None, one).words == ("This is the first one.",)
    assert changes(one, one).words == ("Nothing is different: no dataset it reads has changed.",)
    assert changes(one, held("2", ("north", 10))).words == ("The numbers are the same as before.",)
    other = held("1")
    renamed = Held(
        title="Units",
        release_id="2",
        table=ReleasedTable(
            columns=_COLUMNS[:1], rows=(), withheld={}, rows_dropped=0, contributors={}, policies=(), snapshots={},
            receivers=(),
        ),
        data_date=None,
    )  # fmt: skip
    assert "not compared" in changes(other, renamed).words[0]


_CELL = st.one_of(st.integers(0, 9), st.none(), st.just(Withheld(Reason.UNITS)), st.decimals(0, 9, places=1))
_ROWS = st.lists(st.tuples(st.sampled_from("abc"), _CELL), max_size=6)


@given(old=_ROWS, new=_ROWS)
def test_only_what_both_answers_hold_is_said(old: list[Row], new: list[Row]) -> None:
    """INVARIANT I13: every text in the changes comes from one of the two answers; equal answers have none."""
    found = changes(held("1", *old), held("2", *new))
    known = {"not listed", "withheld", "\N{EN DASH}", *"abc"}
    known |= {f"{cell}, ({n})" for cell in "abc" for n in range(2, 7)}
    known |= {str(int(c)) if Decimal(c) == int(c) else str(c) for _, c in [*old, *new] if isinstance(c, int | Decimal)}
    for row in found.rows:
        assert {row.cell, row.before, row.after} <= known
    assert (found.moved == 0) or sorted(map(repr, old)) != sorted(map(repr, new))


def test_a_message_lists_the_first_and_counts_all() -> None:
    """Forty lines, however many moved."""
    found = changes(held("1"), held("2", *((f"r{n}", n) for n in range(100))))
    assert (len(found.rows), found.moved, found.words) == (MAX_ROWS, 100, ("100 rows are new.",))


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("daily 06:00", datetime(2026, 2, 1, 6, tzinfo=UTC)),
        ("daily 07:30", datetime(2026, 1, 31, 7, 30, tzinfo=UTC)),
        ("weekly sat 07:00", datetime(2026, 2, 7, 7, tzinfo=UTC)),
        ("weekly  MON 06:00", datetime(2026, 2, 2, 6, tzinfo=UTC)),
        ("monthly 1 06:00", datetime(2026, 2, 1, 6, tzinfo=UTC)),
        ("monthly 31 06:00", datetime(2026, 2, 28, 6, tzinfo=UTC)),
        ("new-data", None),
    ],
)
def test_a_cadence_comes_due(text: str, following: datetime | None) -> None:
    """From Saturday 31 January 2026, 07:00, strictly after."""
    assert parse_cadence(text).next_after(datetime(2026, 1, 31, 7, tzinfo=UTC)) == following


@given(
    text=st.sampled_from(["daily 06:00", "weekly sun 23:59", "monthly 31 00:00", "monthly 30 12:00"]),
    moment=st.integers(1_700_000_000, 1_900_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
)
def test_the_next_moment_is_later_and_then_goes_on(text: str, moment: datetime) -> None:
    """Strictly later, at most a month and a day, and each is followed by another."""
    following = parse_cadence(text).next_after(moment)
    assert following is not None
    assert 0 < (following - moment).total_seconds() <= 32 * 86_400
    after = parse_cadence(text).next_after(following)
    assert after is not None
    assert after > following


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("@today", "2026-11-23"),
        ("@start-of-month-12", "2025-11-01"),
        ("@end-of-month-1", "2026-10-31"),
        ("@start-of-month", "2026-11-01"),
        ("@end-of-month+3", "2027-02-28"),
        ("@start-of-quarter", "2026-10-01"),
        ("@end-of-quarter-1", "2026-09-30"),
        ("@start-of-year-1", "2025-01-01"),
        ("@end-of-year", "2026-12-31"),
        ("@start-of-week-1", "2026-11-16"),
        ("@end-of-week", "2026-11-29"),
        ("2026-05-01", "2026-05-01"),
    ],
)
def test_dates_move_by_hand(text: str, day: str) -> None:
    """As of Monday 23 November 2026; only parameters declared as dates are looked at."""
    declared = {
        "from": Declared(name="from", type=LiteralType.DATE),
        "note": Declared(name="note", type=LiteralType.TEXT),
    }
    found = resolved({"from": text, "note": "@today"}, declared, date(2026, 11, 23))
    assert found == {"from": day, "note": "@today"}


@pytest.mark.parametrize(
    "text", ["@", "@tomorrow", "@start-of-day-1", "@start-of-month-9999", "@start-of-year-999x", "@today+1"]
)
def test_what_does_not_move_is_refused_without_its_value(text: str) -> None:
    """INVARIANT I15: the refusal names the parameter only."""
    declared = {"from": Declared(name="from", type=LiteralType.DATE)}
    with pytest.raises(UsageProblem, match="CR-S002") as caught:
        resolved({"from": text}, declared, date(2, 1, 1))
    assert text not in caught.value.message or text == "@"
