"""The stored profile -> a client of its room."""

import os
from pathlib import Path

from cleanroom.client.profile import Profile, load_profile
from cleanroom.client.remote import RoomClient
from cleanroom.crypto import MemberKeys
from cleanroom.errors import NotFound, UsageProblem

_CONFIG = ".config"


def profile_path(given: Path | None) -> Path:
    """Where the profile lies: as given, else in the user's configuration folder."""
    if given is not None:
        return given
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / _CONFIG)
    return Path(folder) / "cleanroom" / "profile.json"


def stored_profile(given: Path | None) -> Profile:
    """The stored profile; NotFound CR-A119 before ``cleanroom login``."""
    path = profile_path(given)
    if not path.exists():
        raise NotFound("CR-A119", "no profile is stored here", help="`cleanroom login` stores one; see its --help")
    return load_profile(path)


def room_client(given: Path | None, url: str | None) -> RoomClient:
    """A client of the profile's room, at ``url`` if that is given."""
    stored = stored_profile(given)
    return RoomClient(url or stored.url, stored.api_key)


def own_keys(given: Path | None, signing_key: Path | None = None) -> MemberKeys:
    """The keys in ``signing_key``, or the member keys of the stored profile."""
    return MemberKeys.load(stored_profile(given).member_keys if signing_key is None else signing_key)


def template_path(identity: str) -> str:
    """``name@version`` as the API's path."""
    name, at, version = identity.partition("@")
    if not at or not version.isdigit():
        raise UsageProblem("CR-A090", "write NAME@VERSION", help="`cleanroom query list` names them")
    return f"/queries/{name}/{version}"


def policy_path(identity: str) -> str:
    """``member/dataset/version`` (or ``member/dataset@version``) as the API's path."""
    parts = identity.replace("@", "/").split("/")
    if len(parts) != 3 or not parts[2].isdigit():
        raise UsageProblem("CR-A090", "write MEMBER/DATASET/VERSION", help="`cleanroom policy list` names them")
    return "/policies/" + "/".join(parts)
