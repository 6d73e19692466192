"""``WITH u AS (SELECT token, aggregates FROM dataset [WHERE ...] GROUP BY token)``: one row per unit.

In approved templates only: a per-unit table makes facts about single units, and it takes an owner's eye to see that what
is asked of them is about groups. Names given to outputs are dropped for canonical ones, so that spelling does not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Violation
from cleanroom.names import ColumnName
from cleanroom.shape import ColumnRef, PerUnit, PerUnitFn, PerUnitOutput, Predicate
from policies.model import Mode
from queries.binding.context import Context, bare
from queries.binding.predicates import predicate
from queries.binding.scope import Scope, ScopeColumn
from queries.binding.sources import UnitTable, sources
from queries.canonical import canonical_predicate, sort_key
from queries.limits import LIMITS
from queries.refusal import Refusal, refusal

_FUNCTIONS: dict[type[exp.Expr], PerUnitFn] = {
    exp.Count: PerUnitFn.COUNT,
    exp.Sum: PerUnitFn.SUM,
    exp.Min: PerUnitFn.MIN,
    exp.Max: PerUnitFn.MAX,
}
_RANKED = (ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER, ColumnType.DECIMAL)
_SUMMED = (ColumnType.INTEGER, ColumnType.DECIMAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """One output with the name the text gives it and the type it has."""

    name: str
    type: ColumnType
    fn: PerUnitFn
    column: ColumnRef | None
    filter: Predicate | None


def unit_tables(select: exp.Select, context: Context) -> Mapping[str, UnitTable | Violation]:
    """The per-unit tables of ``select`` by lower-case name, or why one is refused; violations go to the context."""
    clause = select.args.get("with_")
    if clause is None:
        return {}
    found: dict[str, UnitTable | Violation] = {}
    if context.mode is not Mode.TEMPLATES:
        context.found.add(refusal(
            "CR-Q211", "per_unit", "WITH is part of approved templates only",
            help="put the question into a query template (docs/grammar.md) and submit it for approval",
            span=context.span(clause),
        ).violation)  # fmt: skip
    for cte in clause.expressions:
        name = cte.alias
        with context.found.collecting() as refused:
            if name.lower() in found or name.lower() in context.contracts:
                raise refusal(
                    "CR-Q204", "known_sources", f"`{name}` is the name of something else already",
                    help="choose another name", span=context.span(cte.args["alias"]),
                )  # fmt: skip
            found[name.lower()] = _unit_table(cte.this, context)
        for violation in refused:
            found.setdefault(name.lower(), violation)
    return found


def _unit_table(select: exp.Select, context: Context) -> UnitTable:
    span = context.span(select)
    extra = [name for name in ("with_", "joins", "having", "order", "limit") if select.args.get(name)]
    group = select.args.get("group")
    keys = _grouped_by(select) if group is not None else []
    if extra or len(keys) != 1:
        raise refusal(
            "CR-Q210", "per_unit", "a per-unit table is SELECT token, aggregates FROM one dataset GROUP BY token",
            help="leave out joins, HAVING, ORDER BY and LIMIT; group by exactly one token", span=span,
        )  # fmt: skip
    bound, scope = sources(select, {}, context)
    if not bound:
        raise refusal("CR-Q210", "per_unit", "this per-unit table has no dataset", help="correct its FROM", span=span)
    key = _key(keys[0], scope)
    where = select.args.get("where")
    condition = canonical_predicate(predicate(where.this, scope)) if where is not None else None
    columns: dict[str, ScopeColumn] = {}
    named: list[_Named] = []
    for node in select.expressions[: LIMITS.max_outputs]:
        _output(node, key, scope, columns, named)
    if not columns:
        raise refusal(
            "CR-Q210", "per_unit", "a per-unit table selects its token", help="add the token to its SELECT", span=span
        )
    outputs, canonical = _canonical(named)
    columns.update(
        {one.name.lower(): ScopeColumn(name=canonical[one.name.lower()], type=one.type, per_unit=True) for one in named}
    )
    return UnitTable(
        dataset=bound[0].dataset, per_unit=PerUnit(key=key, outputs=outputs, where=condition), columns=columns
    )


def _grouped_by(select: exp.Select) -> list[exp.Expr]:
    """What a per-unit table is grouped by: names, a position in its SELECT, or with ALL whatever is no aggregate."""
    group = select.args["group"]
    items = [bare(node.this if isinstance(node, exp.Alias) else node) for node in select.expressions]
    if group.args.get("all"):
        return [] if group.expressions else [item for item in items if isinstance(item, exp.Column)]
    by_position = {str(position): item for position, item in enumerate(items, start=1)}
    return [
        by_position.get(str(bare(node).this), node) if isinstance(bare(node), exp.Literal) else node
        for node in group.expressions
    ]


def _key(node: exp.Expr, scope: Scope) -> ColumnName:
    node = bare(node)
    if isinstance(node, exp.Column):
        resolved = scope.resolve(node)
        if resolved.column.type is ColumnType.TOKEN:
            return resolved.column.name
    raise refusal(
        "CR-Q210", "per_unit", "a per-unit table is grouped by one token", help="GROUP BY a token column",
        span=scope.context.span(node),
    )  # fmt: skip


def _output(
    node: exp.Expr, key: ColumnName, scope: Scope, columns: dict[str, ScopeColumn], named: list[_Named]
) -> None:
    alias = node.alias if isinstance(node, exp.Alias) else ""
    inner = bare(node.this) if isinstance(node, exp.Alias) else bare(node)
    if isinstance(inner, exp.Column):
        resolved = scope.resolve(inner)
        if resolved.column.name != key:
            raise _not_per_unit(inner, scope)
        columns[(alias or key).lower()] = ScopeColumn(name=key, type=ColumnType.TOKEN)
        return
    taken = {one.name.lower() for one in named} | set(columns)
    if not alias or alias.lower() in taken:
        raise refusal(
            "CR-Q158", "output_names", "each aggregate of a per-unit table has a name of its own",
            help="write COUNT(claim_id) AS claims", span=scope.context.span(inner),
        )  # fmt: skip
    named.append(_aggregate(inner, alias, scope))


def _aggregate(node: exp.Expr, alias: str, scope: Scope) -> _Named:
    condition = None
    if isinstance(node, exp.Filter):
        condition, node = canonical_predicate(predicate(node.expression.this, scope)), node.this
    fn = _FUNCTIONS.get(type(node))
    argument = bare(node.this) if fn is not None and isinstance(node.this, exp.Expr) else None
    if isinstance(argument, exp.Star) and fn is PerUnitFn.COUNT:
        return _Named(name=alias, type=ColumnType.INTEGER, fn=fn, column=None, filter=condition)
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        fn, argument = PerUnitFn.COUNT_DISTINCT, bare(argument.expressions[0])
    if fn is None or not isinstance(argument, exp.Column):
        raise _not_per_unit(node, scope)
    resolved = scope.resolve(argument)
    kind = resolved.column.type
    if (fn in (PerUnitFn.MIN, PerUnitFn.MAX) and kind not in _RANKED) or (fn is PerUnitFn.SUM and kind not in _SUMMED):
        raise refusal(
            "CR-Q156", "numbers_summed", f"`{resolved.column.name}` is neither a number nor a date", help="COUNT it",
            span=scope.context.span(node),
        )  # fmt: skip
    counted = fn in (PerUnitFn.COUNT, PerUnitFn.COUNT_DISTINCT)
    return _Named(
        name=alias, type=ColumnType.INTEGER if counted else kind, fn=fn, column=resolved.ref, filter=condition
    )


def _canonical(named: list[_Named]) -> tuple[tuple[PerUnitOutput, ...], Mapping[str, ColumnName]]:
    """The outputs once each and sorted, named ``fn_column`` (with a number where a FILTER tells them apart)."""
    by_key: dict[bytes, list[_Named]] = {}
    for one in named:
        unnamed = PerUnitOutput(name=ColumnName(""), fn=one.fn, column=one.column, filter=one.filter)
        by_key.setdefault(sort_key(unnamed), []).append(one)
    outputs: list[PerUnitOutput] = []
    canonical: dict[str, ColumnName] = {}
    taken: dict[str, int] = {}
    for key in sorted(by_key):
        first = by_key[key][0]
        stem = f"{first.fn}_{first.column.column if first.column is not None else 'rows'}"
        taken[stem] = taken.get(stem, 0) + 1
        name = ColumnName(stem if taken[stem] == 1 else f"{stem}_{taken[stem]}")
        outputs.append(PerUnitOutput(name=name, fn=first.fn, column=first.column, filter=first.filter))
        canonical.update({one.name.lower(): name for one in by_key[key]})
    return tuple(outputs), canonical


def _not_per_unit(node: exp.Expr, scope: Scope) -> Refusal:
    return refusal(
        "CR-Q210", "per_unit", "a per-unit table holds its token and COUNT, SUM, MIN or MAX of bare columns",
        help="write SELECT token, COUNT(claim_id) AS claims FROM claims GROUP BY token; CASE is FILTER (WHERE ...) here",
        span=scope.context.span(node),
    )  # fmt: skip
