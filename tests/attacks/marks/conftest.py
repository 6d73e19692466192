"""Fixtures: a room with people, and the two worlds made from it, once."""

from pathlib import Path

import pytest

from tests.api.api_case import Case
from tests.attacks.marks.worlds import Worlds


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A closed room with three members and a person per role in each."""
    case = Case.make(tmp_path_factory.mktemp("people"))
    case.room.close()
    return case


@pytest.fixture(scope="session", params=["release", "suppress"])
def worlds(made: Case, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Worlds:
    """Both rooms; the maker's own policies release zeros or do not: that is the maker's to choose."""
    return Worlds.made(made, tmp_path_factory.mktemp("worlds"), own_zeros=request.param)


@pytest.fixture
def room(made: Case, tmp_path: Path) -> Case:
    """An open room of the test's own, without data and policies."""
    return made.copied(tmp_path)
