"""The public format of a data policy, as pydantic reads it: the only place where policy text meets types.

The JSON Schema in ``schema/data-policy.v1.json`` is this module's own; a test holds the two together.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)

from cleanroom.plan import Mechanism
from cleanroom.shape import Grain
from policies.model import Mode, Permission

MAX_ROUNDING_BASE = 1_000_000
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _once(items: list[str]) -> list[str]:
    if len(set(items)) != len(items):
        raise ValueError("the same name is given twice")
    return items


def _exact(value: object) -> object:
    """Numbers are whole numbers or exact decimals: a float has lost its text, and a boolean was never meant as one."""
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise ValueError("write a plain number, for example `0.7`")  # noqa: TRY004 (pydantic collects ValueError)
    return value


def _iso(value: object) -> object:
    """A quoted date is a date; a bare number is not a number of seconds."""
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2027-12-31") else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Names = Annotated[list[Name], Field(max_length=500, json_schema_extra={"uniqueItems": True}), AfterValidator(_once)]
Permissions = Annotated[
    list[Permission], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_once)
]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Exact = Annotated[Decimal, BeforeValidator(_exact)]
Bound = Annotated[
    Exact, Field(ge=-(10**14), le=10**14), WithJsonSchema({"type": "number", "minimum": -(10**14), "maximum": 10**14})
]
Share = Annotated[Exact, Field(gt=0, le=1), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1})]
Epsilon = Annotated[
    Exact, Field(gt=0, le=100), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 100})
]
Delta = Annotated[Exact, Field(ge=0, lt=1), WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 1})]
Day = Annotated[date, Field(strict=True), BeforeValidator(_iso), WithJsonSchema({"type": "string", "pattern": _DAY})]


SigningKeyText = Annotated[str, Field(pattern=r"^ed25519-v1:[A-Za-z0-9+/]{43}=$")]
Pair = Annotated[
    list[SigningKeyText],
    Field(min_length=2, max_length=20, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_once),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnPart(_Part):
    """One entry of ``columns``."""

    allow: Permissions
    grain: Grain | None = None
    between: Annotated[list[Bound], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "ColumnPart":
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("`between` is [smallest, largest]")
        return self


class JoinPart(_Part):
    """``joins``: by default nothing may be asked without a join, and nothing may be joined."""

    required: Flag = True
    columns: Names = []
    with_: Annotated[Names, Field(alias="with")] = []


class ContributorPart(_Part):
    """``contributors``; a share of 1 sets no limit to dominance."""

    minimum: Annotated[Whole, Field(ge=2, le=1000)]
    largest_share: Share = Decimal(1)


def _only_with(mechanism: str, *keys: str, needs: list[str]) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {"properties": {"mechanism": {"const": mechanism}}, "required": ["mechanism"]}
    absent: dict[str, JsonValue] = {key: {"type": "null"} for key in keys}
    given: dict[str, JsonValue] = {key: {"not": {"type": "null"}} for key in needs}
    return {"if": stated, "then": {"required": [*needs], "properties": given}, "else": {"properties": absent}}


_PARAMETERS: list[JsonValue] = [
    _only_with("round", "base", needs=["base"]),
    _only_with("differential_privacy", "epsilon", "delta", needs=["epsilon"]),
]


class ReleasePart(_Part):
    """``release``: ``base`` belongs to ``round``; ``epsilon`` and ``delta`` to ``differential_privacy``."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"allOf": _PARAMETERS})

    mechanism: Mechanism = Mechanism.SUPPRESS
    base: Annotated[Whole, Field(ge=2, le=MAX_ROUNDING_BASE)] | None = None
    epsilon: Epsilon | None = None
    delta: Delta | None = None

    @model_validator(mode="after")
    def _parameters_fit(self) -> "ReleasePart":
        if (self.mechanism is Mechanism.ROUND) != (self.base is not None):
            raise ValueError("`base` goes with mechanism round, and round needs one")
        if self.mechanism is not Mechanism.DIFFERENTIAL_PRIVACY and (
            self.epsilon is not None or self.delta is not None
        ):
            raise ValueError("`epsilon` and `delta` go with mechanism differential_privacy")
        if self.mechanism is Mechanism.DIFFERENTIAL_PRIVACY and self.epsilon is None:
            raise ValueError("differential_privacy needs `epsilon`")
        return self


class PolicyDocument(_Part):
    """A whole policy text. What is left out is at its most restrictive."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="cleanroom data policy, version 1")

    apiVersion: Literal["cleanroom/v1"]  # noqa: N815 (the public format's own spelling)
    kind: Literal["DataPolicy"]
    member: Name
    dataset: Name
    version: Annotated[Whole, Field(ge=1, le=1_000_000_000)]
    privacy_unit: Name
    minimum_units: Annotated[Whole, Field(ge=1, le=1_000_000_000)]
    queriers: Names = []
    receivers: Names = []
    purposes: Names = []
    mode: Mode = Mode.TEMPLATES
    joins: JoinPart = JoinPart()
    columns: Annotated[dict[Name, ColumnPart], Field(max_length=2000)]
    contributors: ContributorPart | None = None
    release: ReleasePart = ReleasePart()
    zeros: Literal["release", "suppress"] = "suppress"
    expires: Day | None = None
    two_person: Pair | None = None
