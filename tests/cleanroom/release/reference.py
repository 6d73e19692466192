"""What a question's answer must be, the slow and obvious way: nested loops over clear rows, in Python.

Written from design 3, sharing no code with the engine or the releaser.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from cleanroom.plan import Plan
from cleanroom.released import Reason
from cleanroom.shape import (
    Aggregate,
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Fn,
    In,
    IsNull,
    JoinKind,
    Not,
    Or,
    PerUnitFn,
    PlainColumn,
    Truncated,
)
from tests.cleanroom.release.rooms import Room

Record = dict[str, object]
Joined = tuple[Record | None, ...]


def expected(room: Room) -> dict[tuple[object, ...], list[object]]:
    """Per listed cell, per aggregate: the number, or the ``Reason`` it is withheld for."""
    plan = room.plan
    cells: dict[tuple[object, ...], list[Joined]] = {} if plan.shape.dimensions else {(): []}
    for row in _joined(room):
        if plan.shape.where is None or _truth(plan.shape.where, row) is True:
            cells.setdefault(tuple(_dim(d, row) for d in plan.shape.dimensions), []).append(row)
    answer = {}
    for key, rows in cells.items():
        whole = Aggregate(fn=Fn.COUNT_STAR, column=None)
        if _reason(plan, whole, rows, _draws(plan, whole)[0], set()) is None:
            answer[key] = [_number(plan, aggregate, rows) for aggregate in plan.shape.aggregates]
    return answer


def _joined(room: Room) -> list[Joined]:
    shape = room.plan.shape
    result: list[Joined] = [(record,) for record in _records(room, 0)]
    for index, source in enumerate(shape.sources[1:], start=1):
        assert source.join is not None
        records, grown = _records(room, index), []
        for row in result:
            matches = [
                record
                for record in records
                if all(
                    (left := _col(pair.left, row)) is not None and left == record[pair.right.column]
                    for pair in source.join.pairs
                )
            ]
            grown += [(*row, record) for record in matches]
            if not matches and source.join.kind is JoinKind.LEFT:
                grown.append((*row, None))
        result = grown
    return result


def _records(room: Room, index: int) -> list[Record]:
    source, obligations = room.plan.shape.sources[index], room.plan.obligations.sources[index]
    rows = [
        {**row, "contributor": t.member, "_unit": row[obligations.privacy_unit], "_from": {t.member}}
        for t in room.plan.tables[index]
        for row in room.rows[t.member, t.dataset]
    ]
    fold = source.per_unit
    if fold is None:
        return rows
    groups: dict[object, list[Record]] = {}
    for row in rows:
        if fold.where is None or _truth(fold.where, (row,)) is True:
            groups.setdefault(row[fold.key], []).append(row)
    folded = []
    for key, members in groups.items():
        record: Record = {fold.key: key, "_unit": _least([m["_unit"] for m in members])}
        record["_from"] = set().union(*(m["_from"] for m in members))
        for output in fold.outputs:
            taken = [m for m in members if output.filter is None or _truth(output.filter, (m,)) is True]
            values = [m[output.column.column] if output.column else 1 for m in taken]
            values = [value for value in values if value is not None]
            match output.fn:
                case PerUnitFn.COUNT:
                    record[output.name] = len(values)
                case PerUnitFn.COUNT_DISTINCT:
                    record[output.name] = len(set(values))
                case PerUnitFn.MIN:
                    record[output.name] = _least(values)
                case PerUnitFn.SUM:
                    held = [_clamp(v, obligations.clamps.get(output.column.column)) for v in values]
                    record[output.name] = sum(held) if held else None
        folded.append(record)
    return folded


def _least(values: list[object]) -> object:
    present = [value for value in values if value is not None]
    return min(present) if present else None


def _col(reference: ColumnRef, row: Joined) -> object:
    record = row[reference.source]
    return None if record is None else record[reference.column]


def _dim(dimension: object, row: Joined) -> object:
    match dimension:
        case PlainColumn(column=column):
            return _col(column, row)
        case Truncated(grain=grain, column=column):
            day = _col(column, row)
            if day is None:
                return None
            month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[grain.value]
            return date(day.year, month, 1)
        case DatePart(part=part, column=column):
            day = _col(column, row)
            if day is None:
                return None
            return {"month": day.month, "quarter": (day.month + 2) // 3, "year": day.year}[part.value]
        case DateDiff(grain=grain, start=start, end=end):
            a, b = _col(start, row), _col(end, row)
            if a is None or b is None:
                return None
            index: Callable[[date], int] = {
                "month": lambda d: d.year * 12 + d.month,
                "quarter": lambda d: d.year * 4 + (d.month + 2) // 3,
                "year": lambda d: d.year,
            }[grain.value]
            return index(b) - index(a)
        case Coalesced(dimension=inner, default=default):
            value = _dim(inner, row)
            return default.value if value is None else value
        case Case(branches=branches, otherwise=otherwise):
            for branch in branches:
                if _truth(branch.when, row) is True:
                    return branch.then.value
            return otherwise.value if otherwise is not None else None
    raise AssertionError(dimension)


def _truth(predicate: object, row: Joined) -> bool | None:
    match predicate:
        case And(terms=terms):
            found = [_truth(term, row) for term in terms]
            return False if False in found else (None if None in found else True)
        case Or(terms=terms):
            found = [_truth(term, row) for term in terms]
            return True if True in found else (None if None in found else False)
        case Not(term=term):
            inner = _truth(term, row)
            return None if inner is None else not inner
        case IsNull(left=left):
            return _dim(left, row) is None
        case In(left=left, options=options):
            value = _dim(left, row)
            return None if value is None else value in [option.value for option in options]
        case Compare(op=op, left=left, right=right):
            a, b = _dim(left, row), right.value
            if a is None or b is None:
                return None
            if isinstance(a, str):
                a, b = a.encode(), b.encode()
            return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op.value]
    raise AssertionError(predicate)


def _clamp(value: object, bounds: tuple[Decimal, Decimal] | None) -> object:
    return value if bounds is None else min(max(value, bounds[0]), bounds[1])


def _mentioned(item: object) -> set[int]:
    """Every source index in a tree of frozen dataclasses and tuples."""
    if isinstance(item, ColumnRef):
        return {item.source}
    if isinstance(item, tuple):
        return set().union(*map(_mentioned, item)) if item else set()
    if hasattr(item, "__dataclass_fields__"):
        return _mentioned(tuple(getattr(item, name) for name in item.__dataclass_fields__))
    return set()


def _draws(plan: Plan, aggregate: Aggregate) -> tuple[set[int], set[int]]:
    shape = plan.shape
    found = {aggregate.column.source if aggregate.column else 0}
    found |= _mentioned(shape.dimensions) | _mentioned(shape.where) | _mentioned(aggregate.filter)
    found |= {n for n, s in enumerate(shape.sources) if s.join and s.join.kind is JoinKind.INNER}
    while True:
        more = found | {p.left.source for n in found if shape.sources[n].join for p in shape.sources[n].join.pairs}
        if more == found:
            break
        found = more
    rest = set() if aggregate.fn is Fn.COUNT_DISTINCT else set(range(len(shape.sources))) - found
    return found, rest


def _contributing(aggregate: Aggregate, rows: list[Joined]) -> list[Joined]:
    return [
        row
        for row in rows
        if (aggregate.filter is None or _truth(aggregate.filter, row) is True)
        and (aggregate.column is None or _col(aggregate.column, row) is not None)
    ]


def _reason(plan: Plan, aggregate: Aggregate, rows: list[Joined], draws: set[int], fans: set[int]) -> Reason | None:
    sources = plan.obligations.sources
    rows = _contributing(aggregate, rows)
    if not rows:
        return None if all(sources[n].zeros for n in draws) else Reason.UNITS
    units = {n: {row[n]["_unit"] for row in rows if row[n] is not None and row[n]["_unit"] is not None} for n in draws}
    if any(len(units[n]) < sources[n].minimum_units for n in draws):
        return Reason.UNITS
    for fan in fans:
        multiplied = [row for row in rows if row[fan] is not None]
        for n in {*draws, fan}:
            few = {row[n]["_unit"] for row in multiplied if row[n] is not None} - {None}
            if len(few) < sources[n].minimum_units and (few or not sources[n].zeros):
                return Reason.UNITS
    reasons = {_single(plan, aggregate, rows, n) for n in draws if _mixes(plan, n)}
    for reason in (Reason.CONTRIBUTORS, Reason.DOMINANCE):
        if reason in reasons:
            return reason
    for n in draws:
        for receiver in set(plan.obligations.receivers) & {t.member for t in plan.tables[n]}:
            held = {row[n]["_unit"] for row in rows if row[n] is not None and receiver in row[n]["_from"]}
            if len(plan.tables[n]) > 1 and len(units[n] - held) < sources[n].minimum_units:
                return Reason.UNITS
    return None


def _mixes(plan: Plan, n: int) -> bool:
    return plan.obligations.sources[n].contributors is not None and len(plan.tables[n]) > 1


def _single(plan: Plan, aggregate: Aggregate, rows: list[Joined], n: int) -> Reason | None:
    rule = plan.obligations.sources[n].contributors
    every = {row[n]["_unit"] for row in rows if row[n] is not None} - {None}
    parts = {
        t.member: {r[n]["_unit"] for r in rows if r[n] is not None and t.member in r[n]["_from"]} - {None}
        for t in plan.tables[n]
    }
    if sum(1 for part in parts.values() if part) < rule.minimum:
        return Reason.CONTRIBUTORS
    if any(len(part) > rule.largest_share * len(every) for part in parts.values()):
        return Reason.DOMINANCE
    if aggregate.fn in (Fn.SUM, Fn.AVG) and aggregate.column.source == n:
        bounds = plan.obligations.sources[n].clamps.get(aggregate.column.column)
        sizes = [(row[n]["_from"], abs(Decimal(_clamp(_col(aggregate.column, row), bounds)))) for row in rows]
        whole = sum(size for _, size in sizes)
        for t in plan.tables[n]:
            if sum(size for members, size in sizes if t.member in members) > rule.largest_share * whole:
                return Reason.DOMINANCE
    return None


def _number(plan: Plan, aggregate: Aggregate, rows: list[Joined]) -> object:
    reason = _reason(plan, aggregate, rows, *_draws(plan, aggregate))
    if reason is not None:
        return reason
    contributing = _contributing(aggregate, rows)
    if aggregate.fn in (Fn.COUNT_STAR, Fn.COUNT):
        return len(contributing)
    values = [_col(aggregate.column, row) for row in contributing]
    if aggregate.fn is Fn.COUNT_DISTINCT:
        return len(set(values))
    bounds = plan.obligations.sources[aggregate.column.source].clamps.get(aggregate.column.column)
    held = [Decimal(_clamp(value, bounds)) for value in values]
    if not held:
        return None
    return sum(held) if aggregate.fn is Fn.SUM else sum(held) / len(held)
