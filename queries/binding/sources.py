"""FROM and its joins: datasets one may see, tied by equalities between columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Violation
from cleanroom.names import DatasetName
from cleanroom.shape import Join, JoinKind, JoinPair, PerUnit, Source
from policies.unknown import no_dataset
from queries.binding.context import Context, bare
from queries.binding.predicates import chain
from queries.binding.rewrites import flipped_right_join, missing_on, untied
from queries.binding.scope import Resolved, Scope, ScopeColumn, ScopeSource, contract_columns
from queries.limits import LIMITS
from queries.refusal import Refusal, refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTable:
    """A per-unit table that FROM may name; ``columns`` by the names the text gives them."""

    dataset: DatasetName
    per_unit: PerUnit
    columns: Mapping[str, ScopeColumn]


def sources(
    select: exp.Select, unit_tables: Mapping[str, UnitTable | Violation], context: Context
) -> tuple[tuple[Source, ...], Scope]:
    """The sources of ``select`` and the scope they make.

    Violations go to ``context.found``; a source that does not bind is left out, so that what follows binds as far as
    it can. The result is meaningful only if nothing was found.
    """
    clause = select.args.get("from_")
    scope = Scope(context=context, sources=())
    if clause is None:
        nothing = refusal(
            "CR-Q120", "datasets_only", "a question reads at least one dataset", help="write FROM dataset",
            span=context.span(select),
        ).violation  # fmt: skip
        context.found.add(nothing)
        return (), replace(scope, broken={"": nothing})
    found: list[Source] = []
    joins = select.args.get("joins") or []
    with context.found.collecting():
        if len(joins) >= LIMITS.max_sources:
            raise refusal(
                "CR-Q103", "text_length", f"a question reads at most {LIMITS.max_sources} sources",
                help="ask two questions", span=context.span(joins[-1]),
            )  # fmt: skip
    for join in [None, *joins[: LIMITS.max_sources]]:
        table = clause.this if join is None else join.this
        with context.found.collecting() as refused:
            source, entry = _source(table, len(found), scope, unit_tables)
            merged = scope.merged
            widened = replace(scope, sources=(*scope.sources, entry))
            if join is not None:
                # The new source is in scope even where its join is refused: the rest of the text is checked too.
                with context.found.collecting():
                    source = replace(source, join=_join(join, scope, entry))
                    merged |= {name.name.lower() for name in join.args.get("using") or ()}
            found.append(source)
            scope = replace(widened, merged=merged)
        for violation in refused:
            scope = replace(scope, broken={**scope.broken, (table.alias or table.name).lower(): violation})
    return tuple(found), scope


def _source(
    table: exp.Table, index: int, scope: Scope, unit_tables: Mapping[str, UnitTable | Violation]
) -> tuple[Source, ScopeSource]:
    context, name = scope.context, table.name
    alias = table.alias or name
    span = context.span(table)
    if any(source.alias.lower() == alias.lower() for source in scope.sources):
        raise refusal(
            "CR-Q204", "known_sources", f"two sources are called `{alias}`", help="give each an alias of its own",
            span=span,
        )  # fmt: skip
    unit_table = unit_tables.get(name.lower())
    if isinstance(unit_table, Violation):
        raise Refusal(unit_table)
    if unit_table is not None:
        entry = ScopeSource(index=index, alias=alias, dataset=unit_table.dataset, columns=unit_table.columns)
        source = Source(alias=alias, dataset=unit_table.dataset, per_unit=unit_table.per_unit, span=span)
        return source, entry
    dataset = DatasetName(name.lower())
    contract = context.contracts.get(dataset)
    if contract is None:
        raise _unknown(table, context)
    entry = ScopeSource(index=index, alias=alias, dataset=dataset, columns=contract_columns(contract))
    return Source(alias=alias, dataset=dataset, span=span), entry


def _unknown(table: exp.Table, context: Context) -> Refusal:
    # INVARIANT I17: `contracts` holds what the querier may see; the text does not depend on anything else.
    span = context.span(table.this)
    violation = no_dataset(table.name, span)
    close = get_close_matches(table.name.lower()[:64], list(context.contracts), n=1, cutoff=0.7)
    if close:
        violation = replace(violation, help=f"did you mean `{close[0]}`? {violation.help}", rewrite=close[0])
    return Refusal(violation)


def _join(join: exp.Join, scope: Scope, entry: ScopeSource) -> Join:
    context = scope.context
    kind = _kind(join, scope, entry)
    pairs = [_using(name, scope, entry) for name in join.args.get("using") or ()]
    on = join.args.get("on")
    if on is not None:
        both = replace(scope, sources=(*scope.sources, entry))
        pairs.extend(_pair(term, both, entry) for term in chain(on, exp.And))
    if not pairs:
        raise missing_on(join, scope, entry)
    if len(pairs) > LIMITS.max_dimensions:
        raise refusal(
            "CR-Q103", "text_length", "a join has too many equalities", help="join on the tokens",
            span=context.span(join),
        )  # fmt: skip
    return Join(kind=kind, pairs=tuple(pairs))


def _kind(join: exp.Join, scope: Scope, entry: ScopeSource) -> JoinKind:
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    if side == "" and kind in ("", "INNER"):
        if kind == "" and join.args.get("on") is None and not join.args.get("using"):
            raise untied(join, scope, entry)
        return JoinKind.INNER
    if side == "" and kind == "CROSS":
        raise untied(join, scope, entry)
    if side == "LEFT" and kind in ("", "OUTER"):
        return JoinKind.LEFT
    if side == "RIGHT" and kind in ("", "OUTER"):
        raise flipped_right_join(join, scope, entry)
    word = f"{side} {kind}".strip()
    raise refusal(
        "CR-Q117", "join_kinds", f"{word} JOIN is not part of the language: only INNER JOIN and LEFT JOIN are",
        help="write JOIN ... ON a.token = b.token", span=scope.context.span(join),
    )  # fmt: skip


def _using(name: exp.Identifier, scope: Scope, entry: ScopeSource) -> JoinPair:
    column = exp.Column(this=name)
    left = scope.resolve(column)
    right = replace(scope, sources=(entry,), merged=frozenset()).resolve(column)
    return _matching(left, right, scope, name)


def _pair(term: exp.Expr, scope: Scope, entry: ScopeSource) -> JoinPair:
    left, right = (bare(term.this), bare(term.expression)) if isinstance(term, exp.EQ) else (term, term)
    if not isinstance(left, exp.Column) or not isinstance(right, exp.Column):
        raise refusal(
            "CR-Q140", "join_equalities", "ON holds equalities between columns, joined with AND, and nothing else",
            help="write ON a.token = b.token; other conditions go into WHERE",
            span=scope.context.span(term),
        )  # fmt: skip
    first, second = scope.resolve(left), scope.resolve(right)
    if first.ref.source == entry.index:
        first, second = second, first
    if second.ref.source != entry.index or first.ref.source == entry.index:
        raise refusal(
            "CR-Q141", "connected_sources", f"this does not tie `{entry.alias}` to an earlier source",
            help=f"write ON earlier.token = {entry.alias}.token", span=scope.context.span(term),
        )  # fmt: skip
    return _matching(first, second, scope, term)


def _matching(left: Resolved, right: Resolved, scope: Scope, node: exp.Expr) -> JoinPair:
    if left.column.type is not right.column.type or left.column.type is ColumnType.TIMESTAMP:
        raise refusal(
            "CR-Q142", "joined_types", f"a {left.column.type} is joined with a {right.column.type}",
            help="join tokens with tokens and texts with texts", span=scope.context.span(node),
        )  # fmt: skip
    return JoinPair(left=left.ref, right=right.ref)
