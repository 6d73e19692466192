"""Fixtures of the schedules' tests: the API's room in small with an approved template, and an outbox."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1])]

from api_case import Case  # noqa: E402 - found by the line above
from outbox import Outbox, prepared  # noqa: E402

__all__ = ["Case"]


@pytest.fixture
def outbox(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """The room with an allowed folder for solstice, data, a policy and an approved template."""
    return prepared(case, tmp_path, monkeypatch)
