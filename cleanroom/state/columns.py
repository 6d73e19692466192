"""Column types that make a row equal a frozen record: UTC times, name tuples, counts, closed sets.

Comes in: Python values of records. Goes out: text that both SQLite and PostgreSQL keep and sort alike.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def time_text(at: datetime) -> str:
    """``at`` in UTC with microseconds, fixed width, so that text order is time order. ``at`` must be aware."""
    if at.tzinfo is None:
        raise AssertionError("times in the state are aware")
    return at.astimezone(UTC).strftime(_FORMAT)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime as fixed-width UTC text."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it as text."""
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read it back aware."""
        return None if value is None else datetime.strptime(value, _FORMAT).replace(tzinfo=UTC)


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of short names as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it as a JSON list."""
        return None if value is None else json.dumps(list(value), separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        """Read it back as a tuple."""
        return None if value is None else tuple(json.loads(value))


class Counts(TypeDecorator[Mapping[str, int]]):
    """Counts by name as a JSON object with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, int] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it with sorted keys, so that equal counts are equal text."""
        return None if value is None else json.dumps(dict(value), sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, int] | None:  # noqa: ARG002
        """Read it back."""
        return None if value is None else {str(key): int(item) for key, item in json.loads(value).items()}


class OneOf(TypeDecorator[StrEnum]):
    """A member of one closed set; any other text fails on reading, whatever wrote it."""

    impl = String(32)
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write its text."""
        return None if value is None else str(self.members(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Read it back as a member of the set."""
        return None if value is None else self.members(value)
