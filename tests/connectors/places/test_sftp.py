"""SFTP is optional."""

import importlib.util

import pytest

from cleanroom.errors import CleanroomError, UsageProblem
from connectors.places import locate


def test_without_the_library_it_says_what_to_install() -> None:
    """A clear error, not an import error; with the library, an unreachable server is named as such."""
    with pytest.raises(UsageProblem, match="CR-D220"):
        list(locate("sftp:///folder"))
    code = "CR-D225" if importlib.util.find_spec("paramiko") is None else "CR-D223"
    with pytest.raises(CleanroomError, match=code):
        list(locate("sftp://user@127.0.0.1:9/folder"))
