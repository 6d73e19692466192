"""Fixtures: a room with three members and a person per role in each, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.api_case import Case


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The room, closed."""
    case = Case.make(tmp_path_factory.mktemp("people"))
    case.room.close()
    return case


@pytest.fixture
def case(made: Case, tmp_path: Path) -> Iterator[Case]:
    """A room of the test's own."""
    copied = made.copied(tmp_path)
    yield copied
    copied.room.close()
