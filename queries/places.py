"""Places in a text: from sqlglot's token positions to ``Span``."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cleanroom.errors import Span

_NAMED_BEFORE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\([\s(]*\Z")
_CALL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\s*\(")
_FILTER = re.compile(r"\s*FILTER\s*\(", re.IGNORECASE)
_CASE_BEFORE = re.compile(r"\bCASE[\s(]*(?:\bWHEN\b[\s(]*)?(?:\bNOT\b[\s(]*)*\Z", re.IGNORECASE)
_TYPE_BEFORE = re.compile(r"\b(?:DATE|TIMESTAMP|TIMESTAMPTZ|DATETIME)\s*\Z", re.IGNORECASE)
_TYPE_BEHIND = re.compile(r"\s*::\s*[A-Za-z_][A-Za-z0-9_]*(?:\s*\([0-9,\s]*\))?")
_IS_BEHIND = re.compile(r"[\s)]*?\bIS\s+(?:NOT\s+)?(?:NULL|TRUE|FALSE)\b", re.IGNORECASE)
_LEXEME = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|[A-Za-z0-9_]+|.", re.DOTALL)
_OTHER_NAMES: Mapping[type[exp.Expr], tuple[str, ...]] = {
    exp.PercentileCont: ("QUANTILE_CONT",),
    exp.PercentileDisc: ("QUANTILE_DISC",),
}
"""What DuckDB calls a function that sqlglot names otherwise."""
_LOOK_BACK = 60  # how far before a node its own name is looked for


@dataclass(frozen=True, slots=True)
class Places:
    """The line starts of one text, so that a span's line and column cost a binary search."""

    text: str
    line_starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Places":
        """Index ``text``."""
        starts = [0]
        starts.extend(index + 1 for index, char in enumerate(text) if char == "\n")
        return cls(text, tuple(starts))

    def span(self, start: int, end: int) -> Span:
        """The span of characters ``start`` to ``end``, clipped to the text."""
        start = max(0, min(start, len(self.text)))
        end = max(start, min(end, len(self.text)))
        line = bisect_right(self.line_starts, start)
        return Span(start=start, end=end, line=line, column=start - self.line_starts[line - 1] + 1)

    def of_node(self, node: exp.Expr) -> Span | None:
        """The smallest span that covers every positioned token under ``node``; None where sqlglot kept no position.

        sqlglot keeps no position of brackets, of some functions' names, of CASE and END, TRUE and NULL: for a call, a
        FILTER, a CASE, an IN and an IS they are taken in, so that the text at the span can be replaced as a whole.
        """
        start, end = len(self.text), -1
        # Leaves and columns are most of a text: no walk for them.
        # The inside of a type is read from a text of sqlglot's own, with places that are not of this text.
        parts: Iterable[exp.Expr] = node.walk(prune=lambda inner: isinstance(inner, exp.DataType))
        if isinstance(node, exp.Literal | exp.Identifier):
            parts = (node,)
        elif isinstance(node, exp.Column):
            parts = [part for part in (node.args.get("this"), node.args.get("table")) if isinstance(part, exp.Expr)]
        for part in parts:
            if isinstance(part, exp.DataType):
                continue
            meta = part._meta  # noqa: SLF001  # `.meta` would create an empty dict on every node
            if meta and "start" in meta and "end" in meta:
                start, end = min(start, meta["start"]), max(end, meta["end"] + 1)
        if end < 0:
            return None
        return self.span(*self._whole(node, start, end))

    def _whole(self, node: exp.Expr, start: int, end: int) -> tuple[int, int]:
        before = self.text[max(0, start - _LOOK_BACK) : start]
        match node:
            case exp.Case():
                opened = _CASE_BEFORE.search(before)
                if opened is None:
                    return start, end
                start = start - len(before) + opened.start()
                return start, self._matching(start, "case", "end") or end
            case exp.Cast() if typed := _TYPE_BEFORE.search(before):
                return start - len(typed.group()), end
            case exp.Cast() if behind := _TYPE_BEHIND.match(self.text, self._inner_end(node, end)):
                return start, behind.end()
            case exp.Func():
                start = self._named(node, start, before)
                return start, max(end, self._matching(start, "(", ")") or end) if self._is_call(start, end) else end
            case exp.Filter():
                call = self._matching(start, "(", ")") or end
                condition = _FILTER.match(self.text, call)
                return start, (self._matching(call, "(", ")") if condition else None) or end
            case exp.In():
                return start, self._closing(start, end)
            case exp.Is():
                tail = _IS_BEHIND.match(self.text, end)
                return start, tail.end() if tail else end
            case _:
                return start, end

    def _inner_end(self, node: exp.Cast, end: int) -> int:
        inner = self.of_node(node.this) if isinstance(node.this, exp.Expr) else None
        return max(end, inner.end) if inner is not None else end

    def _named(self, node: exp.Func, start: int, before: str) -> int:
        """Where the call begins: at its name, which sqlglot keeps for most functions."""
        if node._meta and "start" in node._meta:  # noqa: SLF001  # as in ``of_node``
            return start
        named = _NAMED_BEFORE.search(before)
        known = {*type(node).sql_names(), *_OTHER_NAMES.get(type(node), ())}
        return start - len(before) + named.start() if named and named[1].upper() in known else start

    def _is_call(self, start: int, end: int) -> bool:
        """Whether the text from ``start`` is a name and its brackets, with ``end`` inside them or directly behind."""
        call = _CALL.match(self.text, start)
        closed = self._matching(start, "(", ")") if call else None
        return closed is not None and (end <= closed or self.text[start:end].isidentifier())

    def _matching(self, start: int, opening: str, closing: str) -> int | None:
        """The end of what the first ``opening`` from ``start`` on opens; quotes and comments are passed over."""
        depth = 0
        for lexeme in _LEXEME.finditer(self.text, start):
            word = lexeme.group().lower()
            if word == opening:
                depth += 1
            elif word == closing and depth:
                depth -= 1
                if not depth:
                    return lexeme.end()
        return None

    def first_when(self, case: Span) -> tuple[str, str]:
        """Of the CASE at ``case``: what stands before its first WHEN, and between that WHEN and its THEN."""
        depth, marks = 0, []
        for lexeme in _LEXEME.finditer(self.text, case.start, case.end):
            word = lexeme.group().lower()
            depth += (word == "case") - (word == "end")
            if depth == 1 and word in ("case", "when", "then"):
                marks.append(lexeme)
            if word == "then" and depth == 1:
                break
        if len(marks) != 3:
            return "", ""
        subject, condition = (self.text[marks[n].end() : marks[n + 1].start()].strip() for n in (0, 1))
        return subject, condition

    def around(self, node: exp.Expr) -> Span:
        """The span of ``node``, or of the nearest node around it that has one; for showing, never for rewriting."""
        place: exp.Expr | None = node
        while place is not None:
            span = self.of_node(place)
            if span is not None:
                return span
            place = place.parent
        return self.span(0, len(self.text))

    def _closing(self, start: int, end: int) -> int:
        opened = self.text.count("(", start, end) - self.text.count(")", start, end)
        while opened > 0 and end < len(self.text) and self.text[end] in ") \t\n":
            opened -= self.text[end] == ")"
            end += 1
        return end
