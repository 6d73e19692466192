"""Names of the answer's columns."""

import unicodedata

from sqlglot import exp

from queries.limits import LIMITS


def legal_name(name: str) -> bool:
    """Whether ``name`` can head a column: readable, not too long, not only blanks, in one Unicode form."""
    return (
        bool(name.strip())
        and len(name) <= LIMITS.max_name_chars
        and name.isprintable()
        and unicodedata.normalize("NFC", name) == name
    )


def default_name(node: exp.Expr) -> str:
    """The name of an output without AS: the column's own, or function and column (``sum_quantity``)."""
    if isinstance(node, exp.Binary | exp.Neg):
        return "value"
    if isinstance(node, exp.Filter):
        return default_name(node.this)
    parts: list[str] = []
    for part in node.walk(bfs=False):
        match part:
            case exp.Filter() | exp.Paren() | exp.Where():
                continue
            case exp.Case():
                parts.append("case")
                break
            case exp.Func():
                parts.append(_FUNCTIONS.get(type(part), type(part).__name__.lower()))
            case exp.Distinct():
                parts.append("distinct")
            case exp.Column():
                parts.append(part.name)
                break
            case _:
                continue
    return "_".join(parts)[: LIMITS.max_name_chars] or "value"


_FUNCTIONS: dict[type[exp.Expr], str] = {exp.TimestampTrunc: "date_trunc", exp.DateDiff: "date_diff"}
