"""The mapping as text: the pydantic border, strict, with did-you-mean for unknown keys. Published as a JSON Schema."""

import difflib
from collections.abc import Sequence
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cleanroom.errors import DataRefused

_MAX_BYTES = 1_000_000
Scalar = Annotated[str, Field(strict=True)] | Annotated[int, Field(strict=True)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, coerce_numbers_to_str=True)


class _PlainYaml(yaml.SafeLoader):
    """YAML in which every plain scalar but null is text: a column may be called ``No``, a store ``007``, a code ``1.50``."""


_PlainYaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("null", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class SourceDocument(_Strict):
    """How the file is written; what is left out is found out by the reader and reported."""

    format: str = "auto"
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None
    sheet: str | int | None = None
    header_row: int | None = Field(default=None, ge=0)
    quote: str | None = None
    escape: str | None = None
    preamble_rows: int = Field(default=0, ge=0)
    footer_rows: int = Field(default=0, ge=0)
    columns: tuple[str, ...] = ()


class ColumnDocument(_Strict):
    """Where one contract column comes from and how its cells are read."""

    from_: str | None = Field(default=None, alias="from")
    join: tuple[str, ...] | None = Field(default=None, min_length=1)
    separator: str = ""
    template: str | None = None
    date_format: str | None = None
    values: dict[str, Scalar] = Field(default_factory=dict)
    empty: tuple[str, ...] = ()
    default: Scalar | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    profile: str | None = None
    region: Region | None = None


class MappingDocument(_Strict):
    """A whole mapping, version 1."""

    contract: str
    source: SourceDocument = SourceDocument()
    columns: dict[str, ColumnDocument]
    constants: dict[str, Scalar] = Field(default_factory=dict)
    skip: tuple[str, ...] = ()
    duplicates: Literal["keep", "drop"] = "keep"
    region: Region | None = None


_KEYS: dict[type[BaseModel], tuple[str, ...]] = {
    kind: tuple(field.alias or name for name, field in kind.model_fields.items())
    for kind in (MappingDocument, SourceDocument, ColumnDocument)
}


def parse_mapping(content: bytes, *, place: str) -> MappingDocument:
    """The document in ``content``.

    ``sale_date: InvoiceDate`` is short for ``sale_date: {from: InvoiceDate}``.

    Raises:
        DataRefused: CR-D501, CR-D502.
    """
    not_a_mapping = DataRefused(
        "CR-D501", "this is not a mapping in YAML", help="draft one with `cleanroom data map`", place=place
    )
    if len(content) > _MAX_BYTES:
        raise not_a_mapping
    try:
        loaded = yaml.load(content, Loader=_PlainYaml)  # noqa: S506 - a SafeLoader with fewer types
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        raise not_a_mapping from None
    if not isinstance(loaded, dict):
        raise not_a_mapping
    columns = loaded.get("columns")
    if isinstance(columns, dict):
        short = {key: {"from": value} if isinstance(value, str) else value for key, value in columns.items()}
        loaded = {**loaded, "columns": short}
    try:
        return MappingDocument.model_validate(loaded)
    except ValidationError as wrong:
        problems = [_problem(error["loc"], error["type"], error["msg"]) for error in wrong.errors(include_input=False)]
        raise DataRefused("CR-D502", "; ".join(problems), help="see docs/identifiers.md", place=place) from None


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """``did you mean `x`?`` for the nearest known name, else the empty text."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else ""


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> str:
    path = ".".join(str(part) for part in location)
    if kind == "missing":
        return f"`{path}` is missing"
    if kind != "extra_forbidden":
        return f"`{path}`: {message[:1].lower()}{message[1:]}"
    hint = did_you_mean(str(location[-1]), _KEYS[_kind_of(location)])
    return f"`{path}` is not a key here" + (f" ({hint})" if hint else "")


def _kind_of(location: tuple[int | str, ...]) -> type[BaseModel]:
    if len(location) > 1 and location[0] == "source":
        return SourceDocument
    if len(location) > 2 and location[0] == "columns":
        return ColumnDocument
    return MappingDocument
