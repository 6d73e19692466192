"""A fresh rig per test."""

from pathlib import Path

import pytest

from tests.cleanroom.ingest.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig.make(tmp_path)
