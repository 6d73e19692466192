"""Hostile text is bounded before any parser sees it.

Comes in: any ``str`` or bytes. Goes out: ``BoundedText``. One pass of one linear regular expression, no recursion, no
backtracking over more than one token: time and memory grow with the bytes read, and those are capped first.
INVARIANT I1: nothing behind this file reads more than ``QueryLimits`` allows.
"""

import re
import unicodedata
from dataclasses import dataclass

from cleanroom.errors import PolicyRefused
from queries.limits import LIMITS, QueryLimits
from queries.places import Places
from queries.refusal import Refusal, refusal

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<line>--[^\n]*)
  | (?P<block>/\*.*?\*/)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)(?![A-Za-z0-9_.]))
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign><>|<=|>=|!=|==|::|\|\||[-+*/%(),.;:=<>])
    """,
    re.VERBOSE | re.DOTALL,
)
# Everything outside these has no place in the grammar: `$` (dollar quotes, $1), `?`, `#1`, `@`, `{}`, `[]`, `^`, `~`,
# backquotes, backslashes, and letters that only look like letters (homoglyphs) outside quotes.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0x180B, 0x180F), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Letters, marks and signs by their category, yet nothing is seen of them: fillers, joiners, variation selectors."""
_PREFIXES = frozenset({"not", "-", "+", "exists", "distinct", "all", "any", "select", "with", "from", "case", "date"})
_OPENING, _CLOSING = frozenset({"(", "case"}), frozenset({")", "end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedText:
    """A text within every bound, with its line index."""

    text: str
    places: Places


def bound(text: str | bytes, *, limits: QueryLimits = LIMITS) -> BoundedText:
    """Return ``text`` if it is within ``limits``.

    Raises:
        PolicyRefused: CR-Q101 too large or not UTF-8, CR-Q102 a character outside the language, CR-Q103 too many
            tokens, lists too long or literals too long, CR-Q104 nested too deep, CR-Q105 an unclosed quote or comment.
    """
    try:
        decoded = _decoded(text, limits)
        places = Places.of(decoded)
        _scan(decoded, places, limits)
    except Refusal as refused:
        raise PolicyRefused((refused.violation,)) from None
    return BoundedText(text=decoded, places=places)


def _decoded(text: str | bytes, limits: QueryLimits) -> str:
    large = refusal(
        "CR-Q101",
        "text_size",
        f"the text is larger than {limits.max_bytes:,} bytes",
        help="ask a shorter question",
    )
    if len(text) > limits.max_bytes:
        raise large
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        size = len(decoded.encode("utf-8"))
    except UnicodeError:
        raise refusal(
            "CR-Q101", "text_encoding", "the text is not valid UTF-8", help="save the query as UTF-8"
        ) from None
    if size > limits.max_bytes:
        raise large
    return decoded.removeprefix("\ufeff")


def _scan(text: str, places: Places, limits: QueryLimits) -> None:
    tokens = depth = run = selects = joins = 0
    commas = [0]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (match.lastgroup == "sign" and text.startswith("/*", position)):
            raise _stray(text, position, places)
        start, position = position, match.end()
        kind = match.lastgroup or ""
        if kind in ("space", "line", "block"):
            _readable(match.group(), start, places)
            # Some readers close a comment at the first `*/` and some nest them: what is hidden must not differ.
            if kind == "block" and (match.group().startswith("/*+") or "/*" in match.group()[2:]):
                raise refusal(
                    "CR-Q102", "text_characters", "hints and nested comments are not part of the language",
                    help="remove this comment", span=places.span(start, position),
                )  # fmt: skip
            continue
        word = match.group().lower()
        tokens += 1
        selects += word == "select"
        joins += word == "join"
        run = run + 1 if word in _PREFIXES else 0
        if kind in ("text", "quoted", "number"):
            _literal(kind, match.group(), places, start, limits)
        if word in _OPENING and kind != "quoted":
            depth += 1
            commas.append(0)
        elif word in _CLOSING and len(commas) > 1:
            depth -= 1
            commas.pop()
        elif word == ",":
            commas[-1] += 1
        many = tokens > limits.max_tokens or commas[-1] >= limits.max_list_items
        if many or selects > limits.max_selects or joins > limits.max_joins:
            raise refusal(
                "CR-Q103", "text_length",
                f"the text has more than {limits.max_tokens:,} tokens, {limits.max_list_items:,} items in one list, "
                f"{limits.max_joins} JOINs or {limits.max_selects} SELECTs",
                help="ask a shorter question; use a range instead of a long list", span=places.span(start, position),
            )  # fmt: skip
        if depth > limits.max_depth or run > limits.max_prefix_run:
            raise refusal(
                "CR-Q104", "text_depth", f"the text is nested deeper than {limits.max_depth} levels",
                help="remove brackets that change nothing, or ask two questions", span=places.span(start, position),
            )  # fmt: skip
    if not tokens:
        raise refusal("CR-Q106", "one_select", "there is no query in the text", help="write one SELECT")


def _literal(kind: str, token: str, places: Places, start: int, limits: QueryLimits) -> None:
    _readable(token, start, places)
    span = places.span(start, start + len(token))
    if kind == "number" and len(token) > limits.max_digits + 2:
        raise refusal(
            "CR-Q103", "text_length", f"a number has more than {limits.max_digits} digits",
            help="write a shorter number", span=span,
        )  # fmt: skip
    if kind == "quoted" and len(token) == 2:
        raise refusal("CR-Q102", "text_characters", "a name is empty", help="give it a name", span=span)
    longest = limits.max_literal_chars if kind == "text" else limits.max_name_chars
    if kind != "number" and len(token) > longest + 2:
        raise refusal(
            "CR-Q103", "text_length", f"a quoted text is longer than {longest:,} characters",
            help="shorten it", span=span,
        )  # fmt: skip


def _readable(token: str, start: int, places: Places) -> None:
    """Refuse control, format, surrogate and private characters anywhere: they hide text from a steward's eyes."""
    if token.isascii() and token.replace("\n", " ").replace("\t", " ").replace("\r", " ").isprintable():
        return
    for offset, char in enumerate(token):
        if char in "\n\t\r":
            continue
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or char in _INVISIBLE:
            raise refusal(
                "CR-Q102", "text_characters", f"an invisible character, U+{ord(char):04X}, stands here",
                help="remove it, or type the text again", span=places.span(start + offset, start + offset + 1),
            )  # fmt: skip


def _stray(text: str, position: int, places: Places) -> Refusal:
    if text[position] in "'\"" or text.startswith("/*", position):
        return refusal(
            "CR-Q105", "text_unclosed", "a quote or comment is opened here and never closed",
            help="close it; inside a text, write a quote twice", span=places.span(position, position + 1),
        )  # fmt: skip
    return _character(position, places)


def _character(position: int, places: Places) -> Refusal:
    return refusal(
        "CR-Q102",
        "text_characters",
        "this character is not part of the language",
        help="outside quotes only plain letters, digits and SQL's signs may stand; parameters are written `:name`",
        span=places.span(position, position + 1),
    )
