"""HAVING over released outputs: three-valued, and withheld is unknown (pure).

Attack stopped: finding a withheld number by bisection, ``HAVING COUNT(*) > 7``. A withheld value makes its comparison
unknown whatever the constant, so the row is left out at every constant; IS NULL of it is unknown too.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import assert_never

from cleanroom.errors import IntegrityFailure
from cleanroom.privacy.outputs import Cell, evaluate
from cleanroom.released import ShownValue, Withheld
from cleanroom.shape import (
    CompareOp,
    Having,
    HavingCompare,
    HavingIsNull,
    HavingLogic,
    HavingNot,
    Literal,
    Operand,
    Parameter,
    Value,
)


def holds(having: Having, key: Sequence[ShownValue], numbers: Sequence[Cell]) -> bool | None:
    """True, False or unknown (None) for one cell; a row is shown only for True.

    Raises:
        IntegrityFailure: CR-R202 for a parameter without a value.
    """
    match having:
        case HavingCompare(op=op, left=left, right=right):
            return _compare(op, evaluate(left, key, numbers), _operand(right, key, numbers))
        case HavingIsNull(value=value):
            found = evaluate(value, key, numbers)
            return None if isinstance(found, Withheld) else found is None
        case HavingLogic(op=op, terms=terms):
            return _logic(op, [holds(term, key, numbers) for term in terms])
        case HavingNot(term=term):
            inner = holds(term, key, numbers)
            return None if inner is None else not inner
        case _:
            assert_never(having)


def _operand(operand: Value | Operand, key: Sequence[ShownValue], numbers: Sequence[Cell]) -> Cell:
    match operand:
        case Literal(value=value):
            return value
        case Parameter():
            raise IntegrityFailure("CR-R202", "a plan holds a parameter without a value")
        case _:
            return evaluate(operand, key, numbers)


def _logic(op: str, terms: Sequence[bool | None]) -> bool | None:
    decisive = op == "or"
    if op not in ("and", "or"):
        raise IntegrityFailure("CR-R204", "a HAVING in the plan has an operator that is neither `and` nor `or`")
    if decisive in terms:
        return decisive
    return None if None in terms else not decisive


def _compare(op: CompareOp, left: Cell, right: Cell) -> bool | None:
    if left is None or right is None or isinstance(left, Withheld) or isinstance(right, Withheld):
        return None
    order = _order(left, right)
    if order is None:
        return None
    match op:
        case CompareOp.EQ:
            return order == 0
        case CompareOp.NE:
            return order != 0
        case CompareOp.LT:
            return order < 0
        case CompareOp.LE:
            return order <= 0
        case CompareOp.GT:
            return order > 0
        case CompareOp.GE:
            return order >= 0
        case _:
            assert_never(op)


def _order(left: ShownValue, right: ShownValue) -> int | None:
    """-1, 0 or 1; None where the two are not of one kind (unknown, never an error)."""
    match left, right:
        case (bool(), bool()) | (str(), str()) | (date(), date()):
            return _sign(left, right)
        case (int() | Decimal(), int() | Decimal()) if not isinstance(left, bool) and not isinstance(right, bool):
            return _sign(left, right)
        case _:
            return None


def _sign(left: object, right: object) -> int:
    return int(left > right) - int(left < right)  # type: ignore[operator]  # one kind, by the caller's match
