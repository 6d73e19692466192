"""Words for what is not in the language: code, message, help, and a rewrite where one exists.

Nothing is allowed or refused here: ``grammar`` refuses, this file finds the most helpful thing to say about it. What has
no words of its own falls through to CR-Q100.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What to say about one refused construct."""

    code: str
    rule: str
    message: str
    help: str
    rewrite: str | None = None


def _words(code: str, rule: str, message: str, help: str) -> Words:  # noqa: A002
    return Words(code=code, rule=rule, message=message, help=help)


_SUBQUERY = _words(
    "CR-Q113", "no_subquery", "a subquery is not part of the language", "join the dataset instead, with ON or USING"
)
_SET_OPERATION = _words(
    "CR-Q114", "no_set_operation", "UNION, INTERSECT and EXCEPT are not part of the language", "ask two questions"
)
_WINDOW = _words(
    "CR-Q112", "no_window", "window functions and QUALIFY are not part of the language",
    "ask for the cells, and rank or cumulate the released numbers",
)  # fmt: skip
_PIVOT = _words(
    "CR-Q115", "no_pivot", "PIVOT and UNPIVOT are not part of the language",
    "use COUNT(*) FILTER (WHERE ...) for each column",
)  # fmt: skip
_TABLE = _words(
    "CR-Q120", "datasets_only", "FROM and JOIN read datasets only: no files, functions, VALUES, schemas or sampling",
    "write FROM and the dataset's name, with an alias if you like",
)  # fmt: skip
_STATEMENT = _words(
    "CR-Q121", "one_select", "only SELECT is part of the language", "write one SELECT over the datasets you may use"
)
_GROUPING = _words(
    "CR-Q122", "plain_group_by", "ROLLUP, CUBE and GROUPING SETS are not part of the language",
    "ask one question per grouping",
)  # fmt: skip
_AGGREGATE = _words(
    "CR-Q125", "released_aggregates", "this aggregate can show a single row's value and is not released",
    "use COUNT, COUNT(DISTINCT ...), SUM or AVG; a spread can be had as counts per CASE bucket",
)  # fmt: skip
_CAST = _words(
    "CR-Q126", "no_cast", "a cast is not part of the language: it can fail on a row and so tell about it",
    "leave it out: a timestamp acts like its date; only a literal or a date is cast, to DATE",
)  # fmt: skip
_CAST_RELEASED = _words(
    "CR-Q126", "no_cast", "a cast is not part of the language, and a released number needs none: `/` keeps the decimals",
    "leave the cast out; ROUND(x, 2) for fewer decimals",
)  # fmt: skip
_CLOCK = _words(
    "CR-Q127", "repeatable", "the clock and random numbers are not part of the language: the same question must give "
    "the same answer", "write the date: DATE '2026-01-31', or use a parameter",
)  # fmt: skip
_OPERATOR = _words(
    "CR-Q128", "operators", "this operator is not part of the language",
    "use =, <>, <, <=, >, >=, IN, BETWEEN, IS NULL, AND, OR, NOT",
)  # fmt: skip
_LIKE = _words(
    "CR-Q128", "operators", "pattern matching is not part of the language: it can read a text letter by letter",
    "list the values: column IN ('a', 'b')",
)  # fmt: skip
_MODIFIER = _words(
    "CR-Q130", "plain_aggregates", "ORDER BY, LIMIT, WITHIN GROUP, HAVING and IGNORE NULLS inside an aggregate are not "
    "part of the language", "aggregate the bare column, with FILTER (WHERE ...) if needed",
)  # fmt: skip
_INTERVAL = _words(
    "CR-Q128", "operators", "adding to a date is not part of the language",
    "months between two dates: date_diff('month', d1, d2) <= 12; a day that is known: write it, DATE '2026-01-31'",
)  # fmt: skip
_PER_UNIT = _words(
    "CR-Q113", "no_subquery", "a subquery is not part of the language",
    "one row per unit is a per-unit table, in a query template: WITH u AS (SELECT token, COUNT(*) AS n FROM dataset GROUP "
    "BY token); otherwise join the dataset itself",
)  # fmt: skip
_SCALAR = _words(
    "CR-Q113", "no_subquery", "a subquery is not part of the language",
    "a total is a question of its own: ask it too, and compute with both answers",
)  # fmt: skip
_TEXT = _words(
    "CR-Q124", "functions", "a text is not cut, joined or turned: it can be read letter by letter",
    "group by the column itself, or by CASE WHEN column IN ('a', 'b') THEN 'family' ELSE 'other' END",
)  # fmt: skip
_NESTED = _words(
    "CR-Q129", "plain_columns", "a column is written `column` or `alias.column`: no fields, indexes, rows or lambdas",
    "name one column of the dataset",
)  # fmt: skip
_STAR = _words(
    "CR-Q110", "no_star", "`*` and COLUMNS() are not part of the language: an answer holds chosen dimensions and measures",
    "name the dimensions and at least one measure, such as COUNT(*)",
)  # fmt: skip
_ROUND_IT = _words(
    "CR-Q124",
    "functions",
    "this function is not part of the language",
    "round a released number: ROUND(x, 2), ROUND(x)",
)
_COUNT_IF = _words(
    "CR-Q125", "released_aggregates", "COUNT_IF is not part of the language", "write COUNT(*) FILTER (WHERE condition)"
)
_IF = _words("CR-Q124", "functions", "IF is not part of the language", "write CASE WHEN condition THEN a ELSE b END")
_FUNCTION = _words(
    "CR-Q124", "functions", "this function is not part of the language",
    "dimensions: date_trunc, year, quarter, month, extract, date_diff, CASE, coalesce; measures: COUNT, SUM, AVG, with "
    "ROUND, NULLIF, COALESCE over them",
)  # fmt: skip
_ORDER_ALL = _words(
    "CR-Q181", "released_outputs", "ORDER BY ALL is not part of the language", "name the outputs to sort by"
)
_ELSE = _words(
    "CR-Q100", "closed_grammar", "this is not part of the language", "docs/grammar.md shows everything that is"
)

# Looked up along the node's class hierarchy, so that a new sqlglot subclass still gets its family's words.
_BY_NODE: Mapping[str, Words] = {
    "Subquery": _SUBQUERY, "Exists": _SUBQUERY, "Any": _SUBQUERY, "All": _SUBQUERY, "Select": _SUBQUERY, "Lateral": _TABLE, "Unnest": _TABLE,
    "SetOperation": _SET_OPERATION, "Union": _SET_OPERATION,
    "Window": _WINDOW, "WindowSpec": _WINDOW, "Qualify": _WINDOW,
    "Pivot": _PIVOT, "Values": _TABLE, "TableSample": _TABLE, "Table": _TABLE,
    "Command": _STATEMENT, "DDL": _STATEMENT, "DML": _STATEMENT, "Set": _STATEMENT, "Pragma": _STATEMENT,
    "Attach": _STATEMENT, "Detach": _STATEMENT, "Describe": _STATEMENT, "Copy": _STATEMENT, "Use": _STATEMENT,
    "Show": _STATEMENT, "Summarize": _STATEMENT, "Drop": _STATEMENT, "Alter": _STATEMENT, "Transaction": _STATEMENT,
    "Commit": _STATEMENT, "Rollback": _STATEMENT, "Install": _STATEMENT, "Semicolon": _STATEMENT, "Kill": _STATEMENT,
    "Cube": _GROUPING, "Rollup": _GROUPING, "GroupingSets": _GROUPING,
    "Cast": _CAST, "TryCast": _CAST, "Convert": _CAST, "Date": _CAST, "DataType": _CAST,
    "CurrentDate": _CLOCK, "CurrentTimestamp": _CLOCK, "CurrentTime": _CLOCK, "CurrentDatetime": _CLOCK,
    "Rand": _CLOCK, "Randn": _CLOCK, "Uuid": _CLOCK, "Localtime": _CLOCK, "Localtimestamp": _CLOCK,
    "Like": _LIKE, "ILike": _LIKE, "SimilarTo": _LIKE, "Glob": _LIKE, "RegexpLike": _LIKE, "RegexpILike": _LIKE,
    "RegexpFullMatch": _LIKE, "Escape": _LIKE, "StartsWith": _LIKE, "EndsWith": _LIKE, "Contains": _LIKE,
    "Order": _MODIFIER, "WithinGroup": _MODIFIER, "IgnoreNulls": _MODIFIER, "RespectNulls": _MODIFIER,
    "HavingMax": _MODIFIER, "Limit": _MODIFIER,
    "Dot": _NESTED, "Bracket": _NESTED, "Lambda": _NESTED, "JSONExtract": _NESTED, "JSONExtractScalar": _NESTED,
    "Struct": _NESTED, "Tuple": _NESTED, "Array": _NESTED, "Slice": _NESTED, "Map": _NESTED,
    "ToMap": _NESTED, "PropertyEQ": _NESTED, "Kwarg": _NESTED,
    "Star": _STAR, "Columns": _STAR,
    "Substring": _TEXT, "Left": _TEXT, "Right": _TEXT, "Lower": _TEXT, "Upper": _TEXT, "Trim": _TEXT, "Concat": _TEXT,
    "Replace": _TEXT, "SplitPart": _TEXT, "Initcap": _TEXT, "RegexpExtract": _TEXT, "RegexpReplace": _TEXT,
    "CountIf": _COUNT_IF, "If": _IF, "Ceil": _ROUND_IT, "Floor": _ROUND_IT, "Trunc": _ROUND_IT,
    "AggFunc": _AGGREGATE, "CombinedAggFunc": _AGGREGATE, "Func": _FUNCTION, "Anonymous": _FUNCTION,
    "Binary": _OPERATOR, "Unary": _OPERATOR, "AtTimeZone": _OPERATOR, "Collate": _OPERATOR, "Interval": _INTERVAL,
    "Distinct": _words("CR-Q130", "plain_aggregates", "DISTINCT stands inside COUNT only", "write COUNT(DISTINCT c)"),
}  # fmt: skip

_BY_FUNCTION: Mapping[str, Words] = {
    "today": _CLOCK, "now": _CLOCK, "random": _CLOCK, "uuid": _CLOCK, "nextval": _CLOCK, "get_current_timestamp": _CLOCK,
    "gen_random_uuid": _CLOCK, "current_localtimestamp": _CLOCK, "setseed": _CLOCK, "transaction_timestamp": _CLOCK,
    "columns": _STAR, "iif": _IF, "trunc": _ROUND_IT, "round_even": _ROUND_IT,
    "any_value": _AGGREGATE, "arbitrary": _AGGREGATE, "first": _AGGREGATE, "last": _AGGREGATE, "mode": _AGGREGATE,
    "list": _AGGREGATE, "array_agg": _AGGREGATE, "string_agg": _AGGREGATE, "group_concat": _AGGREGATE,
    "listagg": _AGGREGATE, "histogram": _AGGREGATE, "arg_max": _AGGREGATE, "arg_min": _AGGREGATE, "max_by": _AGGREGATE,
    "min_by": _AGGREGATE, "quantile": _AGGREGATE, "quantile_cont": _AGGREGATE, "quantile_disc": _AGGREGATE,
    "approx_quantile": _AGGREGATE, "approx_count_distinct": _AGGREGATE, "approx_top_k": _AGGREGATE, "mad": _AGGREGATE,
    "bit_or": _AGGREGATE, "bit_and": _AGGREGATE, "bit_xor": _AGGREGATE, "bitstring_agg": _AGGREGATE,
    "product": _AGGREGATE, "entropy": _AGGREGATE, "kurtosis": _AGGREGATE, "skewness": _AGGREGATE, "fsum": _AGGREGATE,
    "favg": _AGGREGATE, "reservoir_quantile": _AGGREGATE, "map_from_entries": _NESTED,
    "date_part": _words(
        "CR-Q124", "functions", "date_part() is not part of the language", "write year(d), quarter(d) or month(d)"
    ),
    "date_sub": _words(
        "CR-Q124", "functions", "date_sub() is not part of the language", "write date_diff('month', d1, d2)"
    ),
}  # fmt: skip

_BY_ARGUMENT: Mapping[tuple[str, str], Words] = {
    ("Select", "distinct"): _words(
        "CR-Q111", "no_distinct", "SELECT DISTINCT is not part of the language", "use GROUP BY, or COUNT(DISTINCT c)"
    ),
    ("DataType", "expressions"): _CAST,
    ("Select", "offset"): _words("CR-Q116", "no_offset", "OFFSET is not part of the language", "use LIMIT alone"),
    ("Select", "qualify"): _WINDOW, ("Select", "windows"): _WINDOW, ("Select", "pivots"): _PIVOT,
    ("Select", "laterals"): _TABLE, ("Select", "sample"): _TABLE, ("Select", "into"): _STATEMENT,
    ("Group", "cube"): _GROUPING, ("Group", "rollup"): _GROUPING, ("Group", "grouping_sets"): _GROUPING,
    ("Group", "totals"): _GROUPING,
    ("Table", "pivots"): _PIVOT, ("Join", "pivots"): _PIVOT,
    ("Join", "method"): _words(
        "CR-Q117", "join_kinds", "only INNER JOIN and LEFT JOIN are part of the language",
        "write JOIN ... ON a.token = b.token",
    ),
    ("In", "query"): _SUBQUERY, ("In", "unnest"): _NESTED, ("In", "field"): _NESTED,
    ("Column", "db"): _NESTED, ("Column", "catalog"): _NESTED,
    ("With", "recursive"): _words("CR-Q210", "per_unit", "WITH RECURSIVE is not part of the language", "write WITH"),
    ("Between", "symmetric"): _OPERATOR,
    ("Limit", "limit_options"): _words("CR-Q182", "limit", "LIMIT takes a whole number", "write LIMIT 100"),
    ("Limit", "offset"): _words("CR-Q116", "no_offset", "OFFSET is not part of the language", "use LIMIT alone"),
    ("Count", "expressions"): _words(
        "CR-Q153", "bare_arguments", "COUNT takes one column", "count one column at a time"
    ),
    ("Star", "except_"): _STAR, ("Star", "replace"): _STAR, ("Star", "rename"): _STAR,
}  # fmt: skip


def refused_node(node: exp.Expr, parent: exp.Expr | None) -> Words:
    """Words for ``node`` standing where it may not."""
    if parent is None and isinstance(node, exp.Select | exp.Subquery):
        return _SUBQUERY
    if isinstance(parent, exp.From | exp.Join) and isinstance(node, exp.Subquery):
        return _PER_UNIT if node.find(exp.Group) else _SUBQUERY
    if isinstance(node, exp.Subquery) and isinstance(parent, exp.Binary | exp.Paren | exp.Alias | exp.Select):
        return _SCALAR
    if isinstance(parent, exp.Cast | exp.TryCast):
        return _CAST_RELEASED if any(True for _ in parent.find_all(exp.AggFunc)) else _CAST
    if isinstance(parent, exp.Ordered) and isinstance(node, exp.Var):
        return _ORDER_ALL
    if isinstance(node, exp.Fetch):
        return _BY_ARGUMENT[("Limit", "limit_options")]
    if isinstance(parent, exp.Limit):
        return _BY_ARGUMENT[("Limit", "limit_options")]
    if isinstance(parent, exp.Table | exp.From | exp.Join) and not isinstance(node, exp.Pivot):
        return _TABLE
    if isinstance(node, exp.Median | exp.Quantile | exp.PercentileCont | exp.PercentileDisc):
        return _spread(node)
    if isinstance(node, exp.Anonymous):
        return _BY_FUNCTION.get(str(node.this).lower(), _FUNCTION)
    for family in type(node).__mro__:
        if family.__name__ in _BY_NODE:
            return _BY_NODE[family.__name__]
    return _ELSE


def _spread(node: exp.Expr) -> Words:
    argument = node.this
    simple = isinstance(argument, exp.Column) and not argument.args.get("db")
    return Words(
        code=_AGGREGATE.code, rule=_AGGREGATE.rule,
        message="a median or quantile is a single row's value and is not released",
        help="use AVG, or counts per CASE bucket", rewrite=f"AVG({argument.sql('duckdb')})" if simple else None,
    )  # fmt: skip


def refused_argument(node: exp.Expr, name: str) -> Words:
    """Words for an argument of ``node`` that the grammar does not list."""
    words = _BY_ARGUMENT.get((type(node).__name__, name))
    if words is not None:
        return words
    if isinstance(node, exp.Table):
        return _TABLE
    return _MODIFIER if isinstance(node, exp.AggFunc) else _ELSE
