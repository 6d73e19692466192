"""Front matter + SQL -> ``QueryTemplate``: the only arrow that makes one.

Comes in: bytes of one ``.sql`` file whose first block comment holds YAML between ``---`` lines. Goes out: a template whose
digest names its meaning (the bound shape, not its spelling), or a refusal that lists everything wrong at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.contracts.model import Column, ColumnType, Contract, Role
from cleanroom.errors import PolicyRefused, Violation
from cleanroom.names import DatasetName, Digest, TemplateName
from cleanroom.shape import Literal, LiteralType, QueryShape
from policies.model import Mode
from policies.visible import CONTRIBUTOR
from policies.yamltext import UnreadableError, parse_yaml
from queries.binding.bind import bind
from queries.limits import LIMITS
from queries.parameters import Declared, Parameters, typed_value
from queries.parse import parse
from queries.refusal import Refusal, Refusals, refusal
from queries.template_document import ParameterPart, TemplateDocument

_FRONT_MATTER = re.compile(r"\A\ufeff?\s*/\*\s*---[ \t]*\r?\n(?P<yaml>.*?)\r?\n[ \t]*---\s*\*/", re.DOTALL)
_MAX_BYTES = LIMITS.max_bytes * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputNote:
    """What an output means."""

    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """How the answer is drawn; every name is an output of the template."""

    type: str
    x: str
    y: tuple[str, ...]
    series: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTemplate:
    """A template, bound. ``sql`` is the text without front matter, at its original places; ``shape`` keeps parameters."""

    name: TemplateName
    version: int
    title: str
    purpose: str
    description: str
    parameters: Mapping[str, Declared]
    outputs: Mapping[str, OutputNote]
    chart: Chart | None
    sql: str
    shape: QueryShape
    digest: Digest

    def with_values(self, given: Mapping[str, str]) -> Parameters:
        """The template's parameters with ``given`` values, for ``check`` and ``compile_query``."""
        return Parameters(declared=self.parameters, given=dict(given), complete=True)


def is_template(text: str) -> bool:
    """Whether ``text`` begins with front matter; anything else is ad hoc SQL."""
    return re.match(r"\A\ufeff?\s*/\*\s*---", text) is not None


def load_template(document: bytes, *, place: str, contracts: Mapping[DatasetName, Contract]) -> QueryTemplate:
    """Return the template in ``document``.

    Args:
        document: one UTF-8 file, front matter first, at most 64 KB.
        place: how to name the document in errors; it becomes the refusal's ``place``.
        contracts: the room's record types, whole: whether a column may be used is the policies' to say, at each run.

    Raises:
        PolicyRefused: CR-Q190 no readable front matter, CR-Q191 another kind, CR-Q192 a wrong, missing or unknown key,
            CR-Q193 front matter that does not fit the query; and everything ``parse`` and ``bind`` refuse.
    """
    try:
        return _loaded(document, contracts)
    except PolicyRefused as refused:
        refused.place = place
        raise


def _loaded(document: bytes, contracts: Mapping[DatasetName, Contract]) -> QueryTemplate:
    found = Refusals()
    read: TemplateDocument | None = None
    sql = ""
    with found.collecting():
        head, sql = _split(document)
        read = _document(head, found)
    found.raise_if_any()
    if read is None:
        raise AssertionError("front matter is read or refused")
    declared: dict[str, Declared] = {}
    for name, part in read.parameters.items():
        declared[name] = Declared(name=name, type=LiteralType(part.type))
        with found.collecting():
            declared[name] = _declared(name, part)
    shape: QueryShape | None = None
    try:
        shape = bind(
            parse(sql), contracts=with_contributor(contracts), mode=Mode.TEMPLATES,
            parameters=Parameters(declared=declared, complete=True),
        )  # fmt: skip
    except PolicyRefused as refused:
        for violation in refused.violations:
            found.add(violation)
    if shape is not None:
        _fits(read, shape, found)
    found.raise_if_any()
    if shape is None:
        raise AssertionError("a query is bound or refused")
    return _template(read, declared, sql, shape)


def with_contributor(contracts: Mapping[DatasetName, Contract]) -> Mapping[DatasetName, Contract]:
    """``contracts`` with the pseudo-column that names the member, as every policy may grant it."""
    pseudo = Column(name=CONTRIBUTOR, type=ColumnType.TEXT, role=Role.DIMENSION, description="The member.")
    return {
        name: contract if CONTRIBUTOR in contract.by_name else replace(contract, columns=(*contract.columns, pseudo))
        for name, contract in contracts.items()
    }


def canonical_form(template: QueryTemplate) -> bytes:
    """The bytes a steward signs: what the template means, whatever the spelling of its SQL and the order of its keys."""
    return canonical_json(
        {
            "apiVersion": "cleanroom/v1",
            "kind": "QueryTemplate",
            "name": template.name,
            "version": template.version,
            "title": template.title,
            "purpose": template.purpose,
            "description": template.description,
            "parameters": template.parameters,
            "outputs": template.outputs,
            "chart": template.chart,
            "shape": template.shape,
        }
    )


def _split(document: bytes) -> tuple[bytes, str]:
    if len(document) > _MAX_BYTES:
        raise refusal("CR-Q101", "text_size", f"the template is larger than {_MAX_BYTES:,} bytes", help="shorten it")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError:
        raise refusal("CR-Q101", "text_encoding", "the template is not valid UTF-8", help="save it as UTF-8") from None
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise _no_front_matter()
    # Blanked, not cut: places in the SQL stay places in the file.
    blank = re.sub(r"[^\n]", " ", match.group())
    return match.group("yaml").encode(), blank + text[match.end() :]


def _no_front_matter() -> Refusal:
    return refusal(
        "CR-Q190", "front_matter", "the template does not begin with front matter",
        help="begin with `/* ---`, YAML lines, and `--- */`; docs/grammar.md has a working template",
    )  # fmt: skip


def _document(head: bytes, found: Refusals) -> TemplateDocument | None:
    try:
        parsed = parse_yaml(head)
    except UnreadableError as error:
        raise refusal(
            "CR-Q190", "front_matter", error.problem.message.replace("the document", "the front matter"),
            help="docs/grammar.md has a working template",
        ) from None  # fmt: skip
    for path in parsed.duplicates:
        found.add(_key(path, "is given twice"))
    try:
        return TemplateDocument.model_validate(parsed.content)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            path = tuple(part for part in problem["loc"] if part != "[key]")
            kinds = {"missing": "is missing", "extra_forbidden": "is not a key of a template"}
            found.add(_key(path, kinds.get(problem["type"], "has a value that does not fit")))
        return None


def _key(path: tuple[str | int, ...], message: str) -> Violation:
    shown = "".join(char if char.isprintable() and char != "`" else "?" for char in ".".join(map(str, path)))[:60]
    whole = not path or path[0] in ("apiVersion", "kind")
    return refusal(
        "CR-Q191" if whole else "CR-Q192", "front_matter", f"`{shown or 'front matter'}` {message}",
        help="a template begins with apiVersion: cleanroom/v1 and kind: QueryTemplate" if whole
        else "the JSON Schema query-template.v1.json lists every key",
    ).violation  # fmt: skip


def _declared(name: str, part: ParameterPart) -> Declared:
    kind = LiteralType(part.type)

    def value(given: object, what: str) -> Literal:
        try:
            return typed_value(name, kind, given)  # type: ignore[arg-type]
        except Refusal:
            raise Refusal(_key(("parameters", name, what), f"is not of type {kind}")) from None

    return Declared(
        name=name,
        type=kind,
        description=part.description,
        allowed=tuple(value(one, "allowed") for one in part.allowed),
        minimum=value(part.minimum, "minimum") if part.minimum is not None else None,
        maximum=value(part.maximum, "maximum") if part.maximum is not None else None,
    )


def _fits(read: TemplateDocument, shape: QueryShape, found: Refusals) -> None:
    """Front matter that speaks of outputs and parameters the query does not have misleads whoever approves it."""
    names = {output.name for output in shape.outputs}
    chart = _chart(read)
    drawn = () if chart is None else (chart.x, *chart.y, *((chart.series,) if chart.series else ()))
    for where, name in [*(("outputs", name) for name in read.outputs), *(("chart", name) for name in drawn)]:
        if name not in names:
            found.add(refusal(
                "CR-Q193", "front_matter", f"`{where}` names `{_plain(name)}`, which is no output of the query",
                help="outputs are: " + ", ".join(sorted(names)),
            ).violation)  # fmt: skip


def _plain(name: str) -> str:
    return "".join(char if char.isprintable() and char != "`" else "?" for char in name)


def _chart(read: TemplateDocument) -> Chart | None:
    part = read.chart
    if part is None:
        return None
    y = (part.y,) if isinstance(part.y, str) else tuple(part.y)
    return Chart(type=part.type, x=part.x, y=y, series=part.series, title=part.title)


def _template(read: TemplateDocument, declared: Mapping[str, Declared], sql: str, shape: QueryShape) -> QueryTemplate:
    template = QueryTemplate(
        name=TemplateName(read.name),
        version=read.version,
        title=read.title,
        purpose=read.purpose,
        description=read.description,
        parameters=dict(sorted(declared.items())),
        outputs={name: OutputNote(unit=part.unit, description=part.description) for name, part in read.outputs.items()},
        chart=_chart(read),
        sql=sql,
        shape=shape,
        digest=Digest(""),
    )
    return replace(template, digest=digest_of(canonical_form(template)))
