"""XML bytes -> one small tree per element of interest, while reading; names without their namespace.

Attacks stopped here: any document type declaration is refused, so no entity can be declared, expanded (billion laughs)
or fetched (XXE); depth, element count and text size of one tree are bounded (INVARIANT I1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from cleanroom.errors import DataRefused
from connectors.formats.opening import unreadable
from connectors.formats.tally import over_limit
from connectors.limits import CHUNK_BYTES, Limits

_MAX_ELEMENTS = 1_000_000


@dataclass(slots=True)
class Node:
    """An element: local name, attributes by local name, text directly inside, children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def child(self, *names: str) -> "Node | None":
        """The first child with one of ``names``, tried in this order."""
        for name in names:
            for node in self.children:
                if node.name == name:
                    return node
        return None

    def value(self, *names: str) -> str | None:
        """The stripped text of ``child(*names)`` that is filled, else None."""
        for name in names:
            for node in self.children:
                if node.name == name and node.text.strip():
                    return node.text.strip()
        return None

    def all(self, name: str) -> list["Node"]:
        """All descendants named ``name``, in document order."""
        found: list[Node] = []
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name == name:
                found.append(node)
            waiting.extend(reversed(node.children))
        return found

    def flag(self, name: str) -> bool:
        """Whether the attribute says true."""
        return self.attributes.get(name, "").strip().lower() in ("true", "1", "yes")


def subtrees(stream: BinaryIO, names: frozenset[str], limits: Limits) -> Iterator[Node]:
    """Each outermost element with one of ``names``, in document order.

    Raises:
        DataRefused: CR-D104 not well-formed or cut off, CR-D103 over a limit, CR-D155 a document type declaration.
    """
    builder = _Builder(names, limits)
    parser = builder.parser
    try:
        while data := stream.read(CHUNK_BYTES // 4):
            parser.Parse(data, False)
            yield from builder.drain()
        parser.Parse(b"", True)
        yield from builder.drain()
    except (expat.ExpatError, ValueError, LookupError):
        raise unreadable("XML: it is damaged or cut off") from None


class _Builder:
    def __init__(self, names: frozenset[str], limits: Limits) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._names, self._limits = names, limits
        self._depth = self._elements = self._chars = 0
        self._open: list[Node] = []
        self._texts: list[str] = []
        self._done: list[Node] = []

    def drain(self) -> list[Node]:
        done, self._done = self._done, []
        return done

    def _doctype(self, *_: object) -> None:
        raise DataRefused(
            "CR-D155", "the XML has a document type declaration, which is not allowed", help="export it without DOCTYPE"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self._limits.max_depth:
            raise over_limit("levels of nesting", self._limits.max_depth)
        local = name.rpartition(" ")[2]
        if not self._open and local not in self._names:
            return
        if not self._open:
            self._elements = self._chars = 0
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise over_limit("elements in one record", _MAX_ELEMENTS)
        node = Node(local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        if self._open:
            self._flush()
            self._open[-1].children.append(node)
        self._open.append(node)

    def _text(self, text: str) -> None:
        if self._open:
            self._chars += len(text)
            if self._chars > 16 * self._limits.max_record_chars:
                raise over_limit("characters in one record", 16 * self._limits.max_record_chars)
            self._texts.append(text)

    def _flush(self) -> None:
        # Joined once per element: adding piece by piece would cost the square of a long text.
        self._open[-1].text += "".join(self._texts)
        self._texts.clear()

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            self._flush()
            node = self._open.pop()
            if not self._open:
                self._done.append(node)
