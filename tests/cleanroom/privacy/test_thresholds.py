"""The third wall alone: raw results fed to the thresholds (I13)."""

from decimal import Decimal

import pytest

from cleanroom.engine.raw import Magnitude, RawNumber, UnitCount
from cleanroom.names import ColumnName, DatasetName
from cleanroom.plan import Contributors, SourceObligations
from cleanroom.privacy.thresholds import withheld_reason
from cleanroom.released import Reason

K = 25


def source(*, zeros: bool = True, rule: Contributors | None = None) -> SourceObligations:
    """A dataset with a minimum of 25 units."""
    return SourceObligations(
        dataset=DatasetName("sales"),
        members=(),
        privacy_unit=ColumnName("buyer_token"),
        minimum_units=K,
        contributors=rule,
        clamps={},
        zeros=zeros,
        policies=(),
    )


def number(*units: int, rows: int = 99, fans: tuple[int, ...] = (), by_member: tuple[int, ...] = ()) -> RawNumber:
    """A number that draws on one source per entry of ``units``."""
    return RawNumber(
        value=rows,
        rows=rows,
        units=tuple(UnitCount(source=n, distinct=u, exact=True, by_member=by_member) for n, u in enumerate(units)),
        multipliers=tuple(UnitCount(source=len(units) + n, distinct=u, exact=True) for n, u in enumerate(fans)),
    )


@pytest.mark.parametrize(("units", "wanted"), [(0, Reason.UNITS), (24, Reason.UNITS), (25, None), (26, None)])
def test_exactly_k_stays(units: int, wanted: Reason | None) -> None:
    """INVARIANT I13: exactly the minimum is enough, one fewer is not; rows of nobody (0 units) do not help."""
    assert withheld_reason(number(units), (source(),)) is wanted


def test_every_dataset_is_held_to_its_own_minimum() -> None:
    """INVARIANT I13: one dataset below its minimum withholds the number, whatever the others have."""
    assert withheld_reason(number(1000, 24), (source(), source())) is Reason.UNITS
    assert withheld_reason(number(25, 25), (source(), source())) is None


@pytest.mark.parametrize(("fan", "wanted"), [(0, None), (1, Reason.UNITS), (24, Reason.UNITS), (25, None)])
def test_fan_out_hides_few_units_too(fan: int, wanted: Reason | None) -> None:
    """INVARIANT I13: a row count multiplied by a joined source shows that source's few units by subtraction."""
    assert withheld_reason(number(1000, fans=(fan,)), (source(), source())) is wanted


@pytest.mark.parametrize(("first", "second", "wanted"), [(True, True, None), (True, False, Reason.UNITS)])
def test_zero_needs_every_owner_to_release_zeros(first: bool, second: bool, wanted: Reason | None) -> None:
    """INVARIANT I13: a zero withheld reads like a few units withheld: another reason would be the number itself."""
    zero = number(0, 0, rows=0)
    assert withheld_reason(zero, (source(zeros=first), source(zeros=second))) is wanted


RULE = Contributors(minimum=3, largest_share=Decimal("0.7"))


@pytest.mark.parametrize(
    ("by_member", "wanted"),
    [
        ((70, 20, 10), None),
        ((71, 19, 10), Reason.DOMINANCE),
        ((50, 50, 0), Reason.CONTRIBUTORS),
        ((40, 40, 20), None),
    ],
)
def test_contributors_and_dominance_on_units(by_member: tuple[int, ...], wanted: Reason | None) -> None:
    """Three members at least, none above 70 % of the units; exactly 70 % stays."""
    assert withheld_reason(number(100, by_member=by_member), (source(rule=RULE),)) is wanted


@pytest.mark.parametrize(("largest", "wanted"), [("700", None), ("700.0001", Reason.DOMINANCE)])
def test_dominance_on_magnitudes(largest: str, wanted: Reason | None) -> None:
    """A member with few units and nearly all the money dominates a sum; exactly the largest share stays."""
    parts = (Decimal(largest), Decimal(200), Decimal(1000) - Decimal(200) - Decimal(largest))
    total = RawNumber(
        value=Decimal(1000),
        rows=99,
        units=(UnitCount(source=0, distinct=99, exact=True, by_member=(33, 33, 33)),),
        magnitude=Magnitude(source=0, whole=Decimal(1000), by_member=parts),
    )
    assert withheld_reason(total, (source(rule=RULE),)) is wanted


def test_raw_numbers_do_not_print() -> None:
    """INVARIANT I15: a raw number's repr, as a failing test or a log would show it, holds no count."""
    assert "4711" not in repr(number(4711, rows=4711, by_member=(4711,)))
