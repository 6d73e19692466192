"""A command whose packages are not installed says which extra brings them."""

import subprocess
import sys

import pytest

from api.cli.extras import missing_extra

_WITHOUT = "import sys; sys.modules[{name!r}] = None; from api.cli.main import main; main({arguments!r})"


@pytest.mark.parametrize(
    ("name", "arguments", "extra"),
    [("scipy", ["insight", "list"], "insights"), ("fastapi", ["serve", "--room", "room"], "server")],
)
def test_a_missing_package_is_a_matter_of_use(name: str, arguments: list[str], extra: str) -> None:
    """Exit 2, the extra and the command that installs it; no traceback."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT.format(name=name, arguments=arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert f"CR-A115 this command needs the `{extra}` extra" in done.stderr
    assert f"pip install 'cleanroom[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_of_no_extra_is_a_defect() -> None:
    """Nothing is promised about it."""
    assert missing_extra(ModuleNotFoundError(name="somewhere.else")) is None
