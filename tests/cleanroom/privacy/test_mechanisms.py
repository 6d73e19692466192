"""What happens to numbers that passed."""

from decimal import Decimal

import pytest

from cleanroom.engine.raw import RawNumber
from cleanroom.errors import PolicyRefused
from cleanroom.names import ColumnName
from cleanroom.plan import Mechanism, Obligations
from cleanroom.privacy.mechanisms import require_available, shown_value
from cleanroom.shape import Aggregate, ColumnRef, Fn


def obligations(mechanism: Mechanism, base: int | None = None) -> Obligations:
    """Obligations with nothing but a mechanism."""
    return Obligations(sources=(), receivers=(), mechanism=mechanism, rounding_base=base)


@pytest.mark.parametrize("mechanism", [Mechanism.PERTURB, Mechanism.DIFFERENTIAL_PRIVACY])
def test_absent_mechanisms_are_refused(mechanism: Mechanism) -> None:
    """What this version cannot do is refused before data is read, not imitated."""
    with pytest.raises(PolicyRefused, match="not available in this version"):
        require_available(obligations(mechanism))


def test_rounding_needs_a_base() -> None:
    """A policy that rounds to nothing protects nothing."""
    with pytest.raises(PolicyRefused, match="CR-R106"):
        require_available(obligations(Mechanism.ROUND))


@pytest.mark.parametrize(("value", "wanted"), [(12, 10), (13, 15), (-13, -15), (0, 0)])
def test_counts_round_to_the_base(value: int, wanted: int) -> None:
    """The nearest multiple, half away from zero."""
    counted = Aggregate(fn=Fn.COUNT_STAR, column=None)
    raw = RawNumber(value=value, rows=1, units=())
    assert shown_value(counted, raw, obligations(Mechanism.ROUND, 5)) == wanted


def test_average_is_divided_exactly() -> None:
    """AVG is the exact sum over the count, twelve digits after the point."""
    average = Aggregate(fn=Fn.AVG, column=ColumnRef(source=0, column=ColumnName("amount")))
    raw = RawNumber(value=Decimal("0.3"), rows=9, units=())
    assert shown_value(average, raw, obligations(Mechanism.SUPPRESS)) == Decimal("0.033333333333")
