"""Bounded text -> ``ParsedQuery``: one SELECT whose every node and argument is in the grammar table.

Nothing else makes a ``ParsedQuery``. sqlglot is a reader here and no gate: any exception it raises is a refusal, and so
is anything it reads that ``grammar`` does not list.
"""

from dataclasses import dataclass
from itertools import pairwise

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from cleanroom.errors import PolicyRefused
from queries.bounded_parser import DIALECT, parse_trees
from queries.bounds import BoundedText, bound
from queries.grammar import grammar_violations
from queries.places import Places
from queries.refusal import Refusal, Refusals, refusal

_STATEMENT_WORDS = frozenset(
    {
        "alter",
        "analyze",
        "attach",
        "begin",
        "call",
        "checkpoint",
        "comment",
        "commit",
        "copy",
        "create",
        "deallocate",
        "delete",
        "describe",
        "detach",
        "drop",
        "execute",
        "explain",
        "export",
        "from",
        "import",
        "insert",
        "install",
        "load",
        "merge",
        "pivot",
        "pragma",
        "prepare",
        "refresh",
        "replace",
        "reset",
        "rollback",
        "set",
        "show",
        "summarize",
        "table",
        "truncate",
        "unpivot",
        "update",
        "use",
        "vacuum",
        "values",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """One SELECT inside the grammar. ``select`` is sqlglot's (mutable) tree: read it, never change it."""

    select: exp.Select
    tokens: tuple[Token, ...]
    text: str
    places: Places


def parse(text: str | bytes) -> ParsedQuery:
    """Return the query in ``text``.

    Raises:
        PolicyRefused: CR-Q101..Q106 out of bounds, CR-Q107 does not parse, CR-Q100 and CR-Q11x..13x outside the
            grammar; all of those at once.
    """
    bounded = bound(text)
    try:
        tokens = _tokens(bounded)
        select = _tree(tokens, bounded)
    except Refusal as caught:
        raise PolicyRefused((caught.violation,)) from None
    found = Refusals()
    try:
        for violation in grammar_violations(select, bounded.places):
            found.add(violation)
    except Exception:  # noqa: BLE001  # an exception while checking means refuse (I9), whatever it is
        found.add(_unreadable(bounded, 0, len(bounded.text)).violation)
    for refused in _string_names(tokens, bounded):
        found.add(refused.violation)
    found.raise_if_any()
    if not isinstance(select, exp.Select):
        raise TypeError("the grammar let something other than a SELECT pass")
    return ParsedQuery(select=select, tokens=tuple(tokens), text=bounded.text, places=bounded.places)


def _tokens(bounded: BoundedText) -> list[Token]:
    try:
        tokens = DIALECT.tokenize(bounded.text)
    except (SqlglotError, RecursionError, ValueError):
        raise _unreadable(bounded, 0, len(bounded.text)) from None
    for before, token in pairwise(tokens):
        # `:from` and `:to` are parameters although FROM is a keyword: a word directly behind a colon is a name.
        if before.token_type is TokenType.COLON and before.end + 1 == token.start and token.text.isidentifier():
            token.token_type = TokenType.VAR
    return tokens


def _tree(tokens: list[Token], bounded: BoundedText) -> exp.Expr:
    first = tokens[0] if tokens else None
    if first is None or first.token_type not in (TokenType.SELECT, TokenType.WITH):
        raise _not_select(first, bounded)
    if len(tokens) > 2 and tokens[1].text.upper() == "TOP" and tokens[2].token_type is TokenType.NUMBER:
        raise refusal(
            "CR-Q107", "syntax", "TOP is a word of another dialect", help="leave it out and end with LIMIT",
            span=bounded.places.span(tokens[1].start, tokens[2].end + 1),
        )  # fmt: skip
    for before, token in pairwise(tokens):
        if before.token_type is TokenType.L_PAREN and token.token_type is TokenType.FROM:
            raise _not_select(token, bounded)
        if before.token_type is TokenType.SEMICOLON:
            raise refusal(
                "CR-Q106", "one_select", "there is more than one statement", help="send one SELECT at a time",
                span=bounded.places.span(token.start, token.end + 1),
            )  # fmt: skip
    try:
        trees = parse_trees(tokens, bounded.text)
    except SqlglotError as error:
        start, end = _failed_at(error, bounded)
        raise _unreadable(bounded, start, end) from None
    except Exception:  # noqa: BLE001  # sqlglot is not ours; whatever it raises on hostile text is a refusal (I9)
        raise _unreadable(bounded, 0, len(bounded.text)) from None
    # A comment behind the last semicolon is a statement to sqlglot.
    whole = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(whole) != 1:
        raise _unreadable(bounded, 0, len(bounded.text))
    return whole[0]


def _failed_at(error: SqlglotError, bounded: BoundedText) -> tuple[int, int]:
    """Where the parser stopped; its own message is dropped, it quotes the text with terminal codes."""
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    if not isinstance(line, int) or not isinstance(column, int) or line < 1:
        return 0, len(bounded.text)
    starts = bounded.places.line_starts
    end = starts[min(line, len(starts)) - 1] + column
    return max(0, end - len(details[0].get("highlight") or " ")), end


def _unreadable(bounded: BoundedText, start: int, end: int) -> Refusal:
    return refusal(
        "CR-Q107", "syntax", "this does not read as one SELECT of the language",
        help="look at the marked place: a missing comma, bracket or keyword, or a word of another dialect",
        span=bounded.places.span(start, end),
    )  # fmt: skip


def _not_select(token: Token | None, bounded: BoundedText) -> Refusal:
    span = bounded.places.span(token.start, token.end + 1) if token else None
    if token is not None and token.text.lower() not in _STATEMENT_WORDS and token.token_type is not TokenType.L_PAREN:
        return _unreadable(bounded, token.start, token.end + 1)
    return refusal(
        "CR-Q121", "one_select", "only a query that begins with SELECT is part of the language",
        help="write SELECT dimensions, measures FROM dataset ... GROUP BY dimensions", span=span,
    )  # fmt: skip


def _string_names(tokens: list[Token], bounded: BoundedText) -> list[Refusal]:
    """Texts used as names: ``FROM 'file.parquet'`` reads a file in DuckDB, and sqlglot takes it for a quoted name."""
    found = []
    for before, token in pairwise(tokens):
        if token.token_type is not TokenType.STRING:
            continue
        span = bounded.places.span(token.start, token.end + 1)
        if before.token_type in (TokenType.FROM, TokenType.JOIN):
            found.append(refusal(
                "CR-Q120", "datasets_only", "FROM and JOIN read datasets only, never files",
                help="write the dataset's name without quotes", span=span,
            ))  # fmt: skip
        elif before.token_type is TokenType.ALIAS:
            found.append(refusal(
                "CR-Q158", "output_names", "a name stands in double quotes, a text in single ones",
                help="write AS name or AS \"a name\"", span=span,
            ))  # fmt: skip
    return found
