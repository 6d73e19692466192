"""A full disk: nothing is half done, the retailer is told, and once there is room again every file is in exactly once."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.full_disk import LEFT_KILOBYTES, ROWS


def _has_namespaces() -> bool:
    return (
        shutil.which("unshare") is not None and subprocess.run(["unshare", "-rm", "true"], check=False).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.skipif(not _has_namespaces(), reason="a small disk of its own needs Linux mount namespaces")
def test_the_state_stays_true_on_a_disk_that_fills_up(tmp_path: Path) -> None:
    """INVARIANT I6: full while receiving and while storing; the second time after the operator made room."""
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.flows.full_disk", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert [(at["code"], at["rows"] // ROWS, at["again"], at["rows_again"] // ROWS) for at in seen] == [
        (6, 1, 0, 2),
        (6, 2, 0, 3),
        (0, 4, 0, 4),
    ]
    assert [at["left"] for at in seen] == list(LEFT_KILOBYTES)
    assert "CR-L005" in seen[0]["said"]
    assert "free space" in seen[0]["said"]
    assert "CR-A118" in seen[1]["said"]
    assert [at["said_again"] for at in seen] == ["", "", ""]
