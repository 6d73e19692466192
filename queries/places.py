"""Places in a text: from sqlglot's token positions to ``Span``."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from cleanroom.errors import Span

_EMPTY_BRACKETS = re.compile(r"[ \t\n]*\([ \t\n]*\)")


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

        Brackets around a node have no positions of their own; an opening or closing one directly beside a function's
        arguments is taken in so that the text at the span can be replaced as a whole.
        """
        start, end = len(self.text), -1
        # Leaves and columns are most of a text: no walk for them.
        parts: Iterable[exp.Expr] = node.walk()
        if isinstance(node, exp.Literal | exp.Identifier):
            parts = (node,)
        elif isinstance(node, exp.Column):
            parts = [part for part in (node.args.get("this"), node.args.get("table")) if isinstance(part, exp.Expr)]
        for part in parts:
            meta = part._meta  # noqa: SLF001  # `.meta` would create an empty dict on every node
            if meta and "start" in meta and "end" in meta:
                start, end = min(start, meta["start"]), max(end, meta["end"] + 1)
        if end < 0:
            return None
        if isinstance(node, exp.Func | exp.In):
            empty = _EMPTY_BRACKETS.match(self.text, end)
            end = empty.end() if empty else self._closing(start, end)
        return self.span(start, end)

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
