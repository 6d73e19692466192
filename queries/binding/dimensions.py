"""Row expressions a cell is grouped by: columns, date parts, months in service, CASE buckets."""

from dataclasses import dataclass

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from cleanroom.shape import (
    Case,
    CaseBranch,
    Coalesced,
    ColumnRef,
    DateDiff,
    DatePart,
    Dimension,
    Grain,
    Literal,
    LiteralType,
    Operand,
    PlainColumn,
    Truncated,
)
from queries.binding.context import bare
from queries.binding.literals import TYPE_OF_COLUMN, is_constant, literal_of, operand
from queries.binding.scope import Resolved, Scope
from queries.instead import unit_first
from queries.refusal import Refusal, refusal

_PARTS: dict[type[exp.Expr], Grain] = {exp.Year: Grain.YEAR, exp.Quarter: Grain.QUARTER, exp.Month: Grain.MONTH}
_DATES = (ColumnType.DATE, ColumnType.TIMESTAMP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A dimension and its type; None is a token, which is compared with nothing but NULL."""

    dimension: Dimension
    type: LiteralType | None
    per_unit: bool = False


def dimension(node: exp.Expr, scope: Scope) -> Typed:
    """The dimension ``node``.

    Raises:
        Refusal: CR-Q150..169 and CR-Q2xx: not a dimension of the grammar, or over names that do not exist.
    """
    node = bare(node)
    part = _PARTS.get(type(node))
    if part is not None:
        return Typed(dimension=DatePart(part=part, column=_date(node.this, scope)), type=LiteralType.INTEGER)
    match node:
        case exp.Column():
            return _column(scope.resolve(node))
        case exp.TimestampTrunc():
            grain = _grain(node.args.get("unit"), node, scope, (Grain.DAY, Grain.MONTH, Grain.QUARTER, Grain.YEAR))
            return _truncated(grain, _date_column(node.this, scope))
        case exp.Extract():
            part = _grain(node.this, node, scope, (Grain.MONTH, Grain.QUARTER, Grain.YEAR))
            return Typed(dimension=DatePart(part=part, column=_date(node.expression, scope)), type=LiteralType.INTEGER)
        case exp.DateDiff():
            return _date_diff(node, scope)
        case exp.Case():
            return _case(node, scope)
        case exp.Cast():
            return _cast(node, scope)
        case exp.Coalesce():
            return _coalesce(node, scope)
        case _:
            raise refusal(
                "CR-Q166", "dimensions", "this is not a dimension of the language",
                help="a dimension is a column, date_trunc, year, quarter, month, extract, date_diff, CASE over "
                "literals, or coalesce(dimension, literal)", span=scope.context.span(node), rewrite=_as_case(node, scope),
            )  # fmt: skip


def _cast(node: exp.Cast, scope: Scope) -> Typed:
    """``CAST(d AS DATE)`` of what is a date: the same, since a timestamp acts like its date."""
    inner = dimension(node.this, scope)
    if not (isinstance(node.to, exp.DataType) and node.to.this is exp.DType.DATE and inner.type is LiteralType.DATE):
        raise no_cast(node, scope)
    return inner


def no_cast(node: exp.Cast, scope: Scope) -> Refusal:
    """CR-Q126: a cast that could fail on a row."""
    return refusal(
        "CR-Q126", "no_cast", "a cast is not part of the language: it can fail on a row and so tell about it",
        help="leave it out; only a literal or a date is cast, to DATE", span=scope.context.span(node),
    )  # fmt: skip


def _column(resolved: Resolved) -> Typed:
    kind = resolved.column.type
    plain = PlainColumn(column=resolved.ref)
    if kind is ColumnType.TIMESTAMP:
        # A timestamp acts like its date: no cell is a second wide.
        return Typed(dimension=Truncated(grain=Grain.DAY, column=resolved.ref), type=LiteralType.DATE)
    return Typed(dimension=plain, type=TYPE_OF_COLUMN.get(kind), per_unit=resolved.column.per_unit)


def _truncated(grain: Grain, resolved: Resolved) -> Typed:
    if grain is Grain.DAY:
        return _column(resolved)
    return Typed(dimension=Truncated(grain=grain, column=resolved.ref), type=LiteralType.DATE)


def _date(node: exp.Expr, scope: Scope) -> ColumnRef:
    return _date_column(node, scope).ref


def _date_column(node: exp.Expr, scope: Scope) -> Resolved:
    node = bare(node)
    while isinstance(node, exp.Cast) and isinstance(node.to, exp.DataType) and node.to.this is exp.DType.DATE:
        node = bare(node.this)
    span = scope.context.span(node)
    if not isinstance(node, exp.Column):
        raise refusal(
            "CR-Q168", "date_columns", "a date function takes a bare date column",
            help="write date_trunc('month', column)", span=span,
        )  # fmt: skip
    resolved = scope.resolve(node)
    if resolved.column.type not in _DATES:
        raise refusal(
            "CR-Q168", "date_columns", f"`{resolved.column.name}` is not a date column",
            help="use a date column of the contract here", span=span,
        )  # fmt: skip
    return resolved


def _grain(unit: object, node: exp.Expr, scope: Scope, permitted: tuple[Grain, ...]) -> Grain:
    text = str(unit.this).lower() if isinstance(unit, exp.Var | exp.Literal) else ""
    if text in permitted:
        return Grain(text)
    raise refusal(
        "CR-Q167", "time_grains", "this unit of time is not part of the language",
        help="use " + ", ".join(f"'{grain}'" for grain in reversed(permitted)) + ", written first and in single quotes",
        span=scope.context.span(node),
    )  # fmt: skip


def _date_diff(node: exp.DateDiff, scope: Scope) -> Typed:
    unit = node.args.get("unit")
    if unit is None or not node.args.get("date_part_boundary"):
        raise refusal(
            "CR-Q167", "time_grains", "date_diff takes its unit first, as a text, and then the earlier date",
            help="write date_diff('month', d1, d2)", span=scope.context.span(node), rewrite=unit_first(scope.context.text(node)),
        )  # fmt: skip
    grain = _grain(unit, node, scope, (Grain.MONTH, Grain.QUARTER, Grain.YEAR))
    diff = DateDiff(grain=grain, start=_date(node.expression, scope), end=_date(node.this, scope))
    return Typed(dimension=diff, type=LiteralType.INTEGER)


def _case(node: exp.Case, scope: Scope) -> Typed:
    from queries.binding.predicates import equality, predicate  # CASE holds predicates, and they CASEs

    subject = node.args.get("this")
    whens, thens = [], []
    for branch in node.args.get("ifs") or ():
        whens.append(predicate(branch.this, scope) if subject is None else equality(subject, branch.this, scope))
        thens.append(branch.args["true"])
    default = node.args.get("default")
    results = [*thens, *([default] if default is not None else [])]
    kind = _common_type(results, scope)
    branches = tuple(
        CaseBranch(when=when, then=_result(then, kind, scope)) for when, then in zip(whens, thens, strict=True)
    )
    otherwise = (
        None if default is None or isinstance(bare(default), exp.Null) else operand(default, kind, scope.context)
    )
    return Typed(dimension=Case(branches=branches, otherwise=otherwise), type=kind)


def _result(node: exp.Expr, kind: LiteralType, scope: Scope) -> Operand:
    if isinstance(bare(node), exp.Null):
        return Literal(type=kind, value=None, span=scope.context.span(node))
    return operand(node, kind, scope.context)


def _common_type(results: list[exp.Expr], scope: Scope) -> LiteralType:
    kinds: set[LiteralType] = set()
    for node in results:
        if not isinstance(bare(node), exp.Null):
            kinds.add(literal_of(node, scope.context).type)
    if kinds == {LiteralType.INTEGER, LiteralType.DECIMAL}:
        return LiteralType.DECIMAL
    if len(kinds) == 1:
        return kinds.pop()
    raise _case_types(results, scope)


def _as_case(node: exp.Expr, scope: Scope) -> str | None:
    """A condition as a dimension: the CASE that says it in words. Only where its text is known from end to end."""
    compared = isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE)
    whole = isinstance(node.expression, exp.Literal) if compared else isinstance(node, exp.Is | exp.In)
    if not whole or not isinstance(node.this, exp.Column):
        return None
    return f"CASE WHEN {scope.context.text(node)} THEN 'yes' ELSE 'no' END"


def _case_types(results: list[exp.Expr], scope: Scope) -> Refusal:
    return refusal(
        "CR-Q169", "case_results", "the results of CASE are literals of one type, at least one of them not NULL",
        help="write every THEN and ELSE as the same kind of literal",
        span=scope.context.span(results[0]) if results else None,
    )  # fmt: skip


def _coalesce(node: exp.Coalesce, scope: Scope) -> Typed:
    defaults = node.args.get("expressions") or []
    if len(defaults) != 1 or not is_constant(defaults[0]):
        raise refusal(
            "CR-Q166", "dimensions", "coalesce takes one dimension and one literal",
            help="write coalesce(column, 'none')", span=scope.context.span(node),
        )  # fmt: skip
    inner = dimension(node.this, scope)
    if inner.type is None:
        raise refusal(
            "CR-Q161", "no_token_literals", "a token is never compared with a literal", help="join or count tokens",
            span=scope.context.span(node),
        )  # fmt: skip
    if isinstance(inner.dimension, Coalesced):
        # The inner default is never NULL, so an outer one is never used.
        operand(defaults[0], inner.type, scope.context)
        return inner
    default = operand(defaults[0], inner.type, scope.context)
    return Typed(
        dimension=Coalesced(dimension=inner.dimension, default=default), type=inner.type, per_unit=inner.per_unit
    )
