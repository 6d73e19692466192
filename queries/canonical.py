"""One value per question: rewrites that keep SQL's three-valued meaning and bring spellings together.

Every rewrite here is an equality in SQL, NULLs included. What is not surely equal stays apart: two names for one
question cost a second ledger entry, one name for two questions would be a wrong answer.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import assert_never

from cleanroom.canonical import canonical_json
from cleanroom.shape import (
    And,
    Case,
    CaseBranch,
    Coalesced,
    Compare,
    CompareOp,
    DateDiff,
    DatePart,
    Dimension,
    Grain,
    In,
    IsNull,
    Literal,
    LiteralType,
    Not,
    Operand,
    Or,
    PlainColumn,
    Predicate,
    Truncated,
)

_LARGEST = 10**18 - 1
"""The largest number there is (``LIMITS.max_digits``): its successor would be none."""
_NEGATED = {
    CompareOp.EQ: CompareOp.NE,
    CompareOp.NE: CompareOp.EQ,
    CompareOp.LT: CompareOp.GE,
    CompareOp.GE: CompareOp.LT,
    CompareOp.GT: CompareOp.LE,
    CompareOp.LE: CompareOp.GT,
}


def canonical_dimension(dimension: Dimension) -> Dimension:
    """The normal form of ``dimension``."""
    match dimension:
        case PlainColumn() | Truncated() | DatePart() | DateDiff():
            return dimension
        case Case(branches=branches, otherwise=otherwise):
            return Case(
                branches=tuple(CaseBranch(when=canonical_predicate(b.when), then=b.then) for b in branches),
                otherwise=otherwise,
            )
        case Coalesced(dimension=inner, default=default):
            return Coalesced(dimension=canonical_dimension(inner), default=default)
        case _:
            assert_never(dimension)


def canonical_predicate(predicate: Predicate) -> Predicate:
    """The normal form of ``predicate``: NOT only around IN and IS NULL, bounds as >= and <, terms sorted and once."""
    match predicate:
        case And(terms=terms):
            return _all_of(canonical_predicate(term) for term in terms)
        case Or(terms=terms):
            return _any_of(canonical_predicate(term) for term in terms)
        case Not(term=term):
            return _negated(canonical_predicate(term))
        case Compare():
            return _compare(replace(predicate, left=canonical_dimension(predicate.left)))
        case In(left=left, options=options):
            return _in(canonical_dimension(left), options, predicate)
        case IsNull(left=left):
            return replace(predicate, left=canonical_dimension(left))
        case _:
            assert_never(predicate)


def sort_key(value: object) -> bytes:
    """The order of terms that commute."""
    return canonical_json(value)


def _negated(predicate: Predicate) -> Predicate:
    """NOT of a normal form, pushed inwards; De Morgan and negated comparisons hold for unknown as well."""
    match predicate:
        case And(terms=terms):
            return _any_of(_negated(term) for term in terms)
        case Or(terms=terms):
            return _all_of(_negated(term) for term in terms)
        case Not(term=term):
            return term
        case Compare(op=op):
            return _compare(replace(predicate, op=_NEGATED[op]))
        case In() | IsNull():
            return Not(term=predicate)
        case _:
            assert_never(predicate)


def _all_of(terms: Iterable[Predicate]) -> Predicate:
    flat: list[Predicate] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, And) else (term,))
    merged = _merged(flat, CompareOp.NE)
    return merged[0] if len(merged) == 1 else And(terms=merged)


def _any_of(terms: Iterable[Predicate]) -> Predicate:
    flat: list[Predicate] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Or) else (term,))
    merged = _merged(flat, CompareOp.EQ)
    return merged[0] if len(merged) == 1 else Or(terms=merged)


def _merged(terms: list[Predicate], op: CompareOp) -> tuple[Predicate, ...]:
    """Terms once, sorted; ``x = a OR x = b`` is ``x IN (a, b)`` and ``x <> a AND x <> b`` is ``x NOT IN (a, b)``."""
    options: dict[bytes, tuple[Dimension, list[Operand], Predicate]] = {}
    rest: dict[bytes, Predicate] = {}
    for term in terms:
        listed = _options(term, op)
        if listed is None:
            rest.setdefault(sort_key(term), term)
        else:
            left, values = listed
            options.setdefault(sort_key(left), (left, [], term))[1].extend(values)
    for left, listed_values, first in options.values():
        together = _in(left, tuple(listed_values), first)
        joined = together if op is CompareOp.EQ else _negated(together)
        rest.setdefault(sort_key(joined), joined)
    return tuple(rest[key] for key in sorted(rest))


def _options(term: Predicate, op: CompareOp) -> tuple[Dimension, tuple[Operand, ...]] | None:
    if isinstance(term, Compare) and term.op is op:
        return term.left, (term.right,)
    listed = term.term if op is CompareOp.NE and isinstance(term, Not) else term
    wanted = isinstance(term, Not) is (op is CompareOp.NE)
    return (listed.left, listed.options) if wanted and isinstance(listed, In) else None


def _in(left: Dimension, options: tuple[Operand, ...], origin: Predicate) -> Predicate:
    once = {sort_key(option): option for option in options}
    ordered = tuple(once[key] for key in sorted(once))
    span = getattr(origin, "span", None)
    if len(ordered) == 1:
        return _compare(Compare(op=CompareOp.EQ, left=left, right=ordered[0], span=span))
    return In(left=left, options=ordered, span=span)


def _compare(compare: Compare) -> Predicate:
    right = compare.right
    if not isinstance(right, Literal):
        return compare
    if right.type is LiteralType.BOOLEAN and compare.op is CompareOp.NE:
        return replace(compare, op=CompareOp.EQ, right=replace(right, value=not right.value))
    bounded = _half_open(compare, right)
    return _unwrapped(bounded)


def _half_open(compare: Compare, right: Literal) -> Compare:
    """``<= v`` as ``< next(v)`` and ``> v`` as ``>= next(v)`` for dates and whole numbers."""
    following: Literal | None = None
    if compare.op in (CompareOp.LE, CompareOp.GT):
        if isinstance(right.value, date):
            following = replace(right, value=right.value + timedelta(days=1)) if right.value < date.max else None
        elif right.type is LiteralType.INTEGER and isinstance(right.value, int) and right.value < _LARGEST:
            following = replace(right, value=right.value + 1)
    if following is None:
        return compare
    op = CompareOp.LT if compare.op is CompareOp.LE else CompareOp.GE
    return replace(compare, op=op, right=following)


def _unwrapped(compare: Compare) -> Predicate:
    """A date function beside a boundary of its grain is a plain range: ``year(d) = 2025`` is all of 2025."""
    left = compare.left
    if not isinstance(left, Truncated | DatePart) or not isinstance(compare.right, Literal):
        return compare
    grain = left.grain if isinstance(left, Truncated) else left.part
    start = _boundary(left, compare.right.value)
    if start is None:
        return compare
    after = _following(start, grain)
    plain = PlainColumn(column=left.column)

    def bound(op: CompareOp, day: date) -> Compare:
        return Compare(op=op, left=plain, right=Literal(type=LiteralType.DATE, value=day), span=compare.span)

    match compare.op:
        case CompareOp.LT | CompareOp.GE:
            return bound(compare.op, start)
        case CompareOp.EQ if after is not None:
            return _all_of((bound(CompareOp.GE, start), bound(CompareOp.LT, after)))
        case CompareOp.NE if after is not None:
            return _any_of((bound(CompareOp.LT, start), bound(CompareOp.GE, after)))
        case _:
            return compare


def _boundary(left: Truncated | DatePart, value: object) -> date | None:
    """The first day of the period that ``value`` names; None where it names none."""
    if isinstance(left, Truncated) and isinstance(value, date):
        return value if _floor(value, left.grain) == value else None
    if (
        isinstance(left, DatePart)
        and left.part is Grain.YEAR
        and isinstance(value, int)
        and 1 <= value <= date.max.year
    ):
        return date(value, 1, 1)
    return None


def _floor(day: date, grain: Grain) -> date:
    match grain:
        case Grain.DAY:
            return day
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case Grain.YEAR:
            return day.replace(month=1, day=1)
        case _:
            assert_never(grain)


def _following(start: date, grain: Grain) -> date | None:
    """The first day after the period of ``grain`` that begins at ``start``; None past the calendar's end."""
    months = {Grain.DAY: 0, Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain]
    try:
        if not months:
            return start + timedelta(days=1)
        month = start.month - 1 + months
        return start.replace(year=start.year + month // 12, month=month % 12 + 1)
    except (ValueError, OverflowError):
        return None
