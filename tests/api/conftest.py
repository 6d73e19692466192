"""Fixtures of the API's tests: an open room with its people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_case import Case


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A fresh room with three members and a person per role in each."""
    made = Case.make(tmp_path)
    yield made
    made.room.close()
