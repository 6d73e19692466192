"""The stored profile of ``cleanroom login``: where the room is, who I am there, which key files are mine.

It holds an API key, so its file is readable by its owner only, and ``repr`` does not show the key.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cleanroom.crypto.keyfile import read_secret_file
from cleanroom.errors import DataRefused
from cleanroom.names import MemberName, is_name

_FORMAT = "cleanroom-profile/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``url`` of the room, ``member`` and API key there; paths of the member's and the collaboration's key files."""

    url: str
    member: MemberName
    api_key: str = field(repr=False)
    member_keys: Path
    collaboration_key: Path | None = None


def save_profile(profile: Profile, path: Path) -> None:
    """Write ``profile`` to ``path`` (mode 0600), replacing an earlier one in one step."""
    content = {key: None if value is None else str(value) for key, value in asdict(profile).items()}
    text = json.dumps({"format": _FORMAT, **content}, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load_profile(path: Path) -> Profile:
    """The profile in ``path``.

    Raises:
        NotFound: CR-K001 there is none; log in first.
        DataRefused: CR-K003 readable by others, CR-K006 not a profile.
    """
    refused = DataRefused("CR-K006", "this is not a stored profile", help="run `cleanroom login`", place=path.name)
    try:
        content = json.loads(read_secret_file(path))
    except ValueError:
        raise refused from None
    names = {"format", "url", "member", "api_key", "member_keys", "collaboration_key"}
    if not isinstance(content, dict) or set(content) != names or content["format"] != _FORMAT:
        raise refused
    texts = (content["url"], content["member"], content["api_key"], content["member_keys"])
    collaboration = content["collaboration_key"]
    if not all(isinstance(text, str) for text in texts) or not isinstance(collaboration, str | None):
        raise refused
    if not is_name(content["member"]):
        raise refused
    return Profile(
        url=content["url"],
        member=MemberName(content["member"]),
        api_key=content["api_key"],
        member_keys=Path(content["member_keys"]),
        collaboration_key=None if collaboration is None else Path(collaboration),
    )


def default_profile() -> Path:
    """Where the profile lies unless somebody says otherwise: in the user's configuration folder."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "cleanroom" / "profile.json"
