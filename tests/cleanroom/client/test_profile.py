"""The stored profile is the owner's alone and does not show its API key."""

from pathlib import Path

import pytest

from cleanroom.client import Profile, load_profile, save_profile
from cleanroom.errors import DataRefused, NotFound
from cleanroom.names import MemberName

PROFILE = Profile(
    url="https://room.example",
    member=MemberName("harbor"),
    api_key="crk_secret",
    member_keys=Path("keys/m\u00fcller.key"),
)


def test_a_profile_comes_back_and_can_be_replaced(tmp_path: Path) -> None:
    """Mode 0600 from the first moment, also over an earlier one."""
    path = tmp_path / "config" / "profile.json"
    save_profile(PROFILE, path)
    assert load_profile(path) == PROFILE
    changed = Profile(
        url=PROFILE.url,
        member=PROFILE.member,
        api_key="crk_other",
        member_keys=PROFILE.member_keys,
        collaboration_key=Path("shared.key"),
    )
    save_profile(changed, path)
    assert (load_profile(path), path.stat().st_mode & 0o777) == (changed, 0o600)


def test_the_api_key_is_not_shown() -> None:
    """INVARIANT I5, for keys that are text."""
    assert "crk_secret" not in repr(PROFILE)


def test_open_and_broken_profiles_are_refused(tmp_path: Path) -> None:
    """Readable by others, absent, or something else."""
    path = tmp_path / "profile.json"
    with pytest.raises(NotFound, match="CR-K001"):
        load_profile(path)
    save_profile(PROFILE, path)
    path.chmod(0o644)
    with pytest.raises(DataRefused, match="CR-K003"):
        load_profile(path)
    for text in ("", "[]", "{}", path.read_text().replace("harbor", "../x"), path.read_text().replace("/v1", "/v9")):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(DataRefused, match="CR-K006"):
            load_profile(path)
