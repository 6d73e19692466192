"""Refusals about joins, each with the legal text that means what was probably meant."""

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from queries.binding.scope import Scope, ScopeSource
from queries.refusal import Refusal, refusal


def untied(join: exp.Join, scope: Scope, entry: ScopeSource) -> Refusal:
    """CR-Q118 for a comma (or CROSS) between sources, with ON from a shared token column where there is one."""
    context = scope.context
    start, end = _before(scope, join), context.span(join.this)
    shared = _shared_token(scope, entry)
    span = context.parsed.places.span(start, end.end) if end is not None else None
    table = context.text(join.this)
    return refusal(
        "CR-Q118", "joined_sources", f"`{entry.alias}` is not tied to the other sources: no comma and no CROSS JOIN",
        help="write JOIN ... ON a.token = b.token", span=span,
        rewrite=f" JOIN {table} ON {shared}" if shared and span else None,
    )  # fmt: skip


def missing_on(join: exp.Join, scope: Scope, entry: ScopeSource) -> Refusal:
    """CR-Q141 for a join without ON or USING, with the ON that fits."""
    shared = _shared_token(scope, entry)
    span = scope.context.span(join.this)
    table = scope.context.text(join.this)
    return refusal(
        "CR-Q141", "connected_sources", f"`{entry.alias}` is joined without ON or USING",
        help="every source is tied to an earlier one by equal columns", span=span,
        rewrite=f"{table} ON {shared}" if shared and span else None,
    )  # fmt: skip


def flipped_right_join(join: exp.Join, scope: Scope, entry: ScopeSource) -> Refusal:
    """CR-Q117 for a RIGHT JOIN; of two sources it is a LEFT JOIN the other way round."""
    context = scope.context
    select, on = join.parent, join.args.get("on")
    span = context.span(join)
    rewrite = None
    clause = select.args.get("from_") if isinstance(select, exp.Select) else None
    using = join.args.get("using")
    joins = select.args.get("joins") if isinstance(select, exp.Select) else None
    if clause is not None and len(scope.sources) == 1 and len(joins or ()) == 1:
        first, last = context.span(clause.this), context.span(join)
        tied = f"ON {context.text(on)}" if on is not None else ""
        if using:
            tied = "USING (" + ", ".join(name.name for name in using) + ")"
        if first is not None and last is not None and tied:
            end = last.end + _bracket(context.parsed.text, last.end)
            span = context.parsed.places.span(first.start, end)
            rewrite = f"{context.text(join.this)} LEFT JOIN {context.text(clause.this)} {tied}"
    return refusal(
        "CR-Q117", "join_kinds", "RIGHT JOIN is not part of the language: only INNER JOIN and LEFT JOIN are",
        help=f"begin with `{entry.alias}` and LEFT JOIN the other source", span=span, rewrite=rewrite,
    )  # fmt: skip


def _bracket(text: str, end: int) -> int:
    """1 where a bracket that the tree does not hold closes directly behind ``end``."""
    return 1 if text[end : end + 1] == ")" else 0


def _before(scope: Scope, join: exp.Join) -> int:
    """Where the text of the comma or CROSS JOIN begins: directly behind the source before it."""
    context = scope.context
    end = context.span(join.this)
    before = [token for token in context.parsed.tokens if token.end < end.start]
    while before and before[-1].text.upper() in (",", "CROSS", "JOIN", "INNER", "NATURAL"):
        before.pop()
    return before[-1].end + 1 if before else 0


def _shared_token(scope: Scope, entry: ScopeSource) -> str | None:
    """``a.x = b.x`` for the first token column that both sides have."""
    for source in scope.sources:
        for name, column in source.columns.items():
            other = entry.columns.get(name)
            if column.type is ColumnType.TOKEN and other is not None and other.type is ColumnType.TOKEN:
                return f"{source.alias}.{column.name} = {entry.alias}.{other.name}"
    return None
