"""The settings file of a place: YAML, names and texts, for its owner's eyes only. It may hold keys and passwords."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from cleanroom.errors import UsageProblem

_MAX_BYTES = 65_536
_OTHERS = 0o077


def load_settings(path: Path) -> Mapping[str, str]:
    """The settings in ``path``, for example ``endpoint``, ``password``, ``key_file``, ``query``.

    Raises:
        UsageProblem: CR-D232 others may read the file, or it is not a list of names and texts.
    """
    if path.stat().st_mode & _OTHERS:
        # Attack: everybody on a shared machine would read the password.
        raise UsageProblem(
            "CR-D232", "others may read the settings of the place", help="chmod 600, then try again", place=path.name
        )
    wrong = UsageProblem("CR-D232", "the settings of the place are not `name: text` lines", place=path.name)
    try:
        loaded = yaml.load(path.read_bytes()[:_MAX_BYTES], Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise wrong from None
    if not isinstance(loaded, dict) or not all(isinstance(x, str) for pair in loaded.items() for x in pair):
        raise wrong
    return loaded
