"""Renewed answers: earlier rows stand in whole, marked, and tell nothing beyond the mark they replace."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.names import ColumnName, DatasetName, Digest, MemberName
from cleanroom.privacy.renewed import EarlierRelease, has_gaps, of_one_date, serve_earlier
from cleanroom.released import Reason, ReleasedColumn, ReleasedTable, ShownValue, Withheld
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    ColumnRef,
    DimensionValue,
    Fn,
    Output,
    PlainColumn,
    QueryShape,
    Source,
)

LEDGER, UNITS, DERIVED = (Withheld(reason) for reason in (Reason.LEDGER, Reason.UNITS, Reason.DERIVED))
SOLSTICE, HARBOR = MemberName("solstice"), MemberName("harbor")
OLD = date(2026, 1, 31)
Row = tuple[ShownValue | Withheld, ...]
SHAPE = QueryShape(
    sources=(Source(alias="s", dataset=DatasetName("sales")),),
    where=None,
    dimensions=(PlainColumn(column=ColumnRef(source=0, column=ColumnName("region"))),),
    aggregates=(Aggregate(fn=Fn.COUNT_STAR, column=None),) * 2,
    outputs=(
        Output(name="region", value=DimensionValue(index=0)),
        Output(name="a", value=AggregateValue(index=0)),
        Output(name="b", value=AggregateValue(index=1)),
    ),
)


def table(*rows: Row) -> ReleasedTable:
    """An answer by region to one question."""
    marks = [cell.reason for row in rows for cell in row if isinstance(cell, Withheld)]
    return ReleasedTable(
        columns=(
            ReleasedColumn(name="region", type="text", role="dimension"),
            ReleasedColumn(name="a", type="integer", role="measure"),
            ReleasedColumn(name="b", type="integer", role="measure"),
        ),
        rows=rows,
        withheld={reason: marks.count(reason) for reason in Reason if reason in marks},
        rows_dropped=0,
        contributors={"sales": 1},
        policies=(Digest("sha256:p"),),
        snapshots={"harbor": 7},
        receivers=(SOLSTICE,),
        question="sha256:q",
    )


HELD = table(("north", 12, 30), ("south", 40, 50), ("east", LEDGER, 5))


def served(new: ReleasedTable, *held: ReleasedTable, shape: QueryShape = SHAPE) -> ReleasedTable:
    """``new`` with rows of ``held``, newest first, each a day older than the one before."""
    days = (OLD.replace(day=31 - at) for at in range(len(held)))
    return serve_earlier(
        new, shape, [EarlierRelease(table=one, data_date=day) for one, day in zip(held, days, strict=True)]
    )


def test_the_whole_row_is_served_with_its_date() -> None:
    """Also its number that could have been renewed: no row mixes dates."""
    new = table(("north", LEDGER, 31), ("south", 90, 95))
    wanted = replace(table(("north", 12, 30), ("south", 90, 95)), earlier_rows={0: OLD})
    assert served(new, HELD) == wanted


@pytest.mark.parametrize(
    ("row", "held"),
    [
        (("north", LEDGER, UNITS), HELD),
        (("west", LEDGER, 5), HELD),
        (("east", LEDGER, 6), HELD),
        ((None, LEDGER, 6), HELD),
        (("north", LEDGER, 31), replace(HELD, policies=(Digest("sha256:stricter"),))),
        (("north", LEDGER, 31), replace(HELD, question="sha256:another")),
        (("north", LEDGER, 31), replace(HELD, receivers=(HARBOR,))),
        (("north", LEDGER, 31), replace(HELD, columns=HELD.columns[:2], rows=(("north", 12),))),
    ],
)
def test_what_is_not_the_receivers_own_answer_to_this_question_is_not_served(row: Row, held: ReleasedTable) -> None:
    """Another row, receiver, policy or question; a threshold's no; a gap then as now."""
    assert served(table(row), held) == table(row)


def test_an_answer_of_no_known_question_and_hidden_dimensions_stay() -> None:
    """A release of an earlier version does not say what it answers; rows that cannot be told apart are not matched."""
    new = table(("north", LEDGER, DERIVED))
    unknown = replace(new, question="")
    assert served(unknown, replace(HELD, question="")) == unknown
    hidden = replace(SHAPE, dimensions=SHAPE.dimensions * 2)
    assert served(new, HELD, shape=hidden) == new


def test_the_newest_that_was_shown_is_served_and_keeps_its_first_date() -> None:
    """A row that was itself served from earlier carries that date on."""
    between = served(table(("north", LEDGER, 31)), HELD)
    again = served(table(("north", LEDGER, 33)), table(("north", LEDGER, 32)), between)
    assert (again.rows, again.earlier_rows) == ((("north", 12, 30),), {0: OLD})


def test_an_answer_that_is_kept_back_whole_is_given_as_it_was() -> None:
    """Too few of the receiver's own rows changed: the last answer with rows, its marks and dates included."""
    nothing = replace(table(), dropped={Reason.LEDGER: 1}, rows_dropped=1)
    wanted = replace(HELD, earlier_rows={0: OLD, 1: OLD, 2: OLD}, dropped={Reason.LEDGER: 1}, rows_dropped=1)
    assert served(nothing, HELD) == wanted
    assert served(nothing, nothing, wanted).earlier_rows == wanted.earlier_rows
    assert served(nothing, replace(HELD, question="sha256:another")) == nothing
    few = replace(table(), dropped={Reason.UNITS: 1}, rows_dropped=1)
    assert served(few, HELD) == few


def test_for_sums_and_comparisons_earlier_rows_are_withheld() -> None:
    """Insights see one date."""
    new = table(("north", LEDGER, 31), ("south", 90, 95))
    assert of_one_date(served(new, HELD)) == table(("north", LEDGER, LEDGER), ("south", 90, 95))
    assert of_one_date(new) is new


_cells = st.integers(0, 9) | st.sampled_from([LEDGER, UNITS, DERIVED])
_rows = st.lists(st.tuples(st.sampled_from("abcd"), _cells, _cells), max_size=4, unique_by=lambda row: row[0])


@given(_rows, _rows, _rows)
def test_nothing_is_told_that_the_receiver_did_not_hold_or_was_about_to_be_given(
    new: list[Row], older: list[Row], oldest: list[Row]
) -> None:
    """INVARIANT I13: post-processing. The answer is a function of the unserved answer and of what the receiver holds.

    Every row is either the new one, untouched, or one of the held ones where the new one's gaps were the ledger's.
    """
    unserved, held = table(*new), (table(*older), table(*oldest))
    found = served(unserved, *held)
    for at, (row, before) in enumerate(zip(found.rows, unserved.rows, strict=True)):
        if at in found.earlier_rows:
            assert has_gaps(table(before))
            assert any(row in one.rows for one in held)
        else:
            assert row == before
