"""The two worlds, made from a room with people, once."""

import pytest

from tests.api.api_case import Case
from tests.attacks.marks.worlds import Worlds


@pytest.fixture(scope="session", params=["release", "suppress"])
def worlds(made: Case, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Worlds:
    """Both rooms; the maker's own policies release zeros or do not: that is the maker's to choose."""
    return Worlds.made(made, tmp_path_factory.mktemp("worlds"), own_zeros=request.param)
