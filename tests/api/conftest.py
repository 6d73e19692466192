"""Fixtures of the API's tests: an open room with its people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_case import Case


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A closed room with three members and a person per role in each, to be copied."""
    made = Case.make(tmp_path_factory.mktemp("template"))
    made.room.close()
    return made


@pytest.fixture
def case(made_once: Case, tmp_path: Path) -> Iterator[Case]:
    """A room of the test's own."""
    copied = made_once.copied(tmp_path)
    yield copied
    copied.room.close()
