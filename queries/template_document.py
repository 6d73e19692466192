"""The public format of a query template's front matter, as pydantic reads it: the only place where it meets types.

The JSON Schema in ``schema/query-template.v1.json`` is this module's own; a test holds the two together.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cleanroom.shape import LiteralType
from queries.limits import LIMITS


def _scalar(value: object) -> object:
    """A value as YAML gave it: text, whole number, exact decimal, date or truth value; never a float."""
    if isinstance(value, str | int | Decimal | bool | date):
        return value
    raise ValueError("write a text, number, date or truth value")


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
OutputName = Annotated[str, Field(min_length=1, max_length=LIMITS.max_name_chars)]
Line = Annotated[str, Field(max_length=500)]
Whole = Annotated[int, Field(strict=True)]
Scalar = Annotated[Any, BeforeValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
_STRICT = ConfigDict(extra="forbid", frozen=True)


class ParameterPart(BaseModel):
    """One parameter; ``minimum`` and ``maximum`` are inclusive."""

    model_config = _STRICT

    type: LiteralType
    description: Line = ""
    allowed: Annotated[list[Scalar], Field(max_length=200)] = []
    minimum: Scalar | None = None
    maximum: Scalar | None = None


class OutputPart(BaseModel):
    """What an output means; for column heads and axes."""

    model_config = _STRICT

    unit: Annotated[str, Field(max_length=80)] = ""
    description: Line = ""


class ChartPart(BaseModel):
    """How the answer is drawn: names of outputs on each axis."""

    model_config = _STRICT

    type: Literal["line", "bar", "area", "point", "heatmap"]
    x: OutputName
    y: OutputName | Annotated[list[OutputName], Field(min_length=1, max_length=8)]
    series: OutputName | None = None
    title: Annotated[str, Field(max_length=200)] = ""


class TemplateDocument(BaseModel):
    """The front matter of a query template."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="QueryTemplate")

    apiVersion: Literal["cleanroom/v1"]  # noqa: N815  # the format's own spelling
    kind: Literal["QueryTemplate"]
    name: Name
    version: Annotated[Whole, Field(ge=1, le=1_000_000)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    purpose: Name
    description: Annotated[str, Field(max_length=4_000)] = ""
    parameters: Annotated[dict[ParameterName, ParameterPart], Field(max_length=32)] = {}
    outputs: Annotated[dict[OutputName, OutputPart], Field(max_length=LIMITS.max_outputs)] = {}
    chart: ChartPart | None = None


def json_schema() -> dict[str, object]:
    """The published JSON Schema of the front matter."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "cleanroom/v1/query-template",
        **TemplateDocument.model_json_schema(),
    }
