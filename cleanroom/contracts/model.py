"""A contract as frozen types: what a dataset's columns are called, hold and mean.

Made from ODCS documents by ``contracts.load``; nothing else makes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cleanroom.names import ColumnName, DatasetName


class Role(StrEnum):
    """What a column is for."""

    IDENTIFIER = "identifier"  # clear; exists on the member's machine only
    TOKEN = "token"  # keyed token of one or more identifiers
    KEY = "key"
    DIMENSION = "dimension"
    MEASURE = "measure"
    TIME = "time"


class ColumnType(StrEnum):
    """Stored types; ``TOKEN`` is a 16-byte UUID, ``DECIMAL`` is DECIMAL(18,4)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TOKEN = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``token_column``, ``identifier_kind`` and ``within`` are set for identifiers only.

    ``derived_from`` lists, for a token, the identifiers it is made of in order: the first one present wins.
    ``within`` names the column that scopes the identifier (a serial is unique within its brand).
    """

    name: ColumnName
    type: ColumnType
    role: Role
    description: str
    required: bool = False
    normaliser: str | None = None
    token_column: ColumnName | None = None
    identifier_kind: str | None = None
    within: ColumnName | None = None
    derived_from: tuple[ColumnName, ...] = ()
    allowed: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A record type. ``natural_key`` are stored columns; ``privacy_unit`` is None for data about no one (products).

    ``retention_days``: rows older than this by the time column are removed; None keeps them.
    """

    dataset: DatasetName
    title: str
    version: str
    description: str
    columns: tuple[Column, ...]
    natural_key: tuple[ColumnName, ...]
    privacy_unit: ColumnName | None
    time: ColumnName | None
    retention_days: int | None = None

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that exist in a room, in order: all but the clear identifiers."""
        return tuple(column for column in self.columns if column.role is not Role.IDENTIFIER)

    @property
    def by_name(self) -> Mapping[ColumnName, Column]:
        """All columns by name, identifiers included."""
        return {column.name: column for column in self.columns}
