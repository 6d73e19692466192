"""The demo's people: for each member a steward, an uploader and an analyst, with keys and stored profiles of their own."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.demo import world
from api.principal import local_operator
from api.room import Room
from api.usecases.members import add_member
from api.usecases.people import add_user, issue_key
from cleanroom.client.profile import Profile, save_profile
from cleanroom.client.remote import RoomClient
from cleanroom.crypto import CollaborationKey, MemberKeys
from cleanroom.crypto.sharing import accept_key, share_key
from cleanroom.names import MemberName
from cleanroom.state import MemberKind, UserRole

_ROLES: Mapping[str, tuple[UserRole, ...]] = {
    "steward": (UserRole.STEWARD, UserRole.AUDITOR),
    "uploader": (UserRole.UPLOADER,),
    "analyst": (UserRole.ANALYST,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person: their profile file, and the password they sign in to the pages with."""

    name: str
    member: MemberName
    role: str
    profile: Path
    password: str = field(repr=False)


People = Mapping[tuple[str, str], Person]
"""(member, role) -> person."""


def admit(room: Room, folder: Path, url: str) -> People:
    """Add the members and people, make their keys, register them, and share one collaboration key among the members.

    The maker makes the collaboration key and seals it to each retailer; the room carries nothing it could read.
    """
    members = [(world.MAKER, MemberKind.MANUFACTURER), *((r.name, MemberKind.RETAILER) for r in world.RETAILERS)]
    people: dict[tuple[str, str], Person] = {}
    keys: dict[str, MemberKeys] = {}
    for name, kind in members:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        add_member(room, local_operator(), name, kind)
        keys[name] = MemberKeys.generate(os.urandom)
        keys[name].save(place / "member.key")
        people |= {(name, role): _person(room, place, url, name, role) for role in _ROLES}
        with _client(people[name, "steward"], url) as client:
            client.put("/members/self/keys", {"public_keys": keys[name].public.to_text()})
    shared = CollaborationKey.generate(os.urandom)
    shared.save(folder / world.MAKER / "collaboration.key")
    for retailer in world.RETAILERS:
        share = share_key(shared, sender=keys[world.MAKER], recipient=keys[retailer.name].public.seal, room=room.name)
        opened = accept_key(
            share, recipient=keys[retailer.name], sender=keys[world.MAKER].public.verify, room=room.name
        )
        opened.save(folder / retailer.name / "collaboration.key")
    return people


def _person(room: Room, place: Path, url: str, member: str, role: str) -> Person:
    name = f"{member}-{role}"
    password = os.urandom(9).hex()
    add_user(room, local_operator(), name, member=member, roles=_ROLES[role], password=password)
    key = issue_key(room, local_operator(), name)
    profile = Profile(
        url=url,
        member=MemberName(member),
        api_key=key.clear,
        member_keys=place / "member.key",
        collaboration_key=place / "collaboration.key",
    )
    path = place / f"{role}.profile.json"
    save_profile(profile, path)
    return Person(name=name, member=MemberName(member), role=role, profile=path, password=password)


def _client(person: Person, url: str) -> RoomClient:
    from cleanroom.client.profile import load_profile

    return RoomClient(url, load_profile(person.profile).api_key)


def write_passwords(people: People, folder: Path) -> Path:
    """Keep the demo people's passwords in a file only its owner can read."""
    path = folder / "passwords.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({p.name: p.password for p in people.values()}, indent=1), "utf-8")
    return path
