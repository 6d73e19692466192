"""Fixtures of the schedules' tests: the API's room in small with an approved template, and an outbox."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1])]

from api_case import Case  # noqa: E402 - found by the line above
from outbox import Outbox, allowed, furnish  # noqa: E402


@pytest.fixture(scope="session")
def furnished(made_once: Case, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The room with data, a policy and approved templates, closed, to be copied."""
    made = made_once.copied(tmp_path_factory.mktemp("furnished"))
    furnish(made)
    made.room.close()
    return made


@pytest.fixture
def outbox(furnished: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    """A copy of the test's own, with an allowed folder for solstice."""
    made = allowed(furnished.copied(tmp_path), tmp_path, monkeypatch)
    yield made
    made.case.room.close()
