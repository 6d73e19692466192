"""Policy text -> plain values with their places; bounded before anything is built.

Comes in: bytes of one YAML document. Goes out: mappings, lists and scalars as text, whole number, exact decimal, date,
boolean or None, and a ``Span`` for every path. It must never build an alias (a few hundred bytes can unfold into
gigabytes), run a tag's constructor, or make a float.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

import yaml

from cleanroom.errors import Span

MAX_POLICY_BYTES = 256 * 1024
MAX_DEPTH = 12
MAX_NODES = 20_000


class _Mark(Protocol):
    """Where PyYAML (either of its parsers) stands in a text."""

    index: int
    line: int
    column: int


Path = tuple[str | int, ...]
Plain = str | int | Decimal | bool | date | None | list["Plain"] | dict[str, "Plain"]

# `025` is 21 to one reader of YAML and 25 to the next: with a leading zero it is no plain number.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_HIDING = frozenset({"Cf", "Zl", "Zp"})
"""Characters that are not seen, or turn the order of what is seen round: a steward signs what stands there."""
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a document at one path: ``code``, ``path``, a sentence and how to fix it."""

    code: str
    path: Path
    message: str
    help: str
    span: Span | None = None


class UnreadableError(Exception):
    """The document is not read at all; ``problem`` says why, without quoting it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedText:
    """A document's content, where each path of it stands, and the keys that were given twice."""

    content: Plain
    spans: Mapping[Path, Span]
    duplicates: tuple[Path, ...]


def parse_yaml(document: bytes) -> ParsedText:
    """Return the content of one YAML document.

    Raises:
        UnreadableError: CR-P001 larger than 256 KB, not UTF-8, an invisible character, not YAML, several documents, anchors, aliases or tags,
            nested deeper than 12, or more than 20,000 nodes.
    """
    if len(document) > MAX_POLICY_BYTES:
        raise _unreadable("the document is larger than 256 KB", "a policy names columns, not rows: shorten it")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("the document is not UTF-8 text", "save it as UTF-8") from None
    hidden = next((place for place, char in enumerate(text) if unicodedata.category(char) in _HIDING), None)
    if hidden is not None:
        line, before = text.count("\n", 0, hidden) + 1, text.rfind("\n", 0, hidden)
        raise _unreadable(
            f"an invisible character, U+{ord(text[hidden]):04X}, stands here", "remove it: it can hide what is signed",
            Span(start=hidden, end=hidden + 1, line=line, column=hidden - before),
        )  # fmt: skip
    try:
        _bound(yaml.parse(text, Loader=yaml.SafeLoader))
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _unreadable("the document is not YAML", "look at this line", _span(error.problem_mark)) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _unreadable("the document is not YAML", "see docs/policies.md for a working policy") from None
    spans: dict[Path, Span] = {}
    duplicates: list[Path] = []
    return ParsedText(content=_plain(root, (), spans, duplicates), spans=spans, duplicates=tuple(duplicates))


def _bound(events: Iterator[yaml.Event]) -> None:
    """Attack: alias bombs and deep nesting; both are seen in the event stream, before a node exists."""
    depth = nodes = documents = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _unreadable("anchors and aliases are not allowed", "write it out", _span(event.start_mark))
        if getattr(event, "tag", None) is not None:
            raise _unreadable("tags are not allowed", "remove the `!` tag", _span(event.start_mark))
        documents += isinstance(event, yaml.DocumentStartEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise _unreadable("one policy per document", "put each policy into its own file", _span(event.start_mark))
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise _unreadable("the document is nested too deeply or too long", "a policy is a few levels deep")


def _plain(node: yaml.Node | None, path: Path, spans: dict[Path, Span], duplicates: list[Path]) -> Plain:
    if node is None:
        return None
    span = _span(node.start_mark, node.end_mark)
    if span is not None:
        spans[path] = span
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            inner = (*path, key)
            if key in content:
                duplicates.append(inner)
                continue
            content[key] = _plain(value_node, inner, spans, duplicates)
            key_span = _span(key_node.start_mark, key_node.end_mark)
            if isinstance(value_node, yaml.CollectionNode) and key_span is not None:
                spans[inner] = key_span
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), spans, duplicates) for index, item in enumerate(node.value)]
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _scalar(node: yaml.ScalarNode) -> Plain:
    """Numbers not written plainly (1e3, 0x10, 1:30, .inf) stay text, and are refused where a number belongs."""
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return _BOOLEANS.get(text.lower(), text)
        case "int" | "float" if _INTEGER.match(text):
            return int(text)
        case "float" if _DECIMAL.match(text):
            return Decimal(text)
        case "timestamp" if _DATE.match(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                return text
        case _:
            return text


def _span(start: _Mark | None, end: _Mark | None = None) -> Span | None:
    if start is None:
        return None
    return Span(
        start=start.index,
        end=max(start.index, end.index if end is not None else start.index),
        line=start.line + 1,
        column=start.column + 1,
    )


def _unreadable(message: str, help_text: str, span: Span | None = None) -> UnreadableError:
    return UnreadableError(Problem(code="CR-P001", path=(), message=message, help=help_text, span=span))
