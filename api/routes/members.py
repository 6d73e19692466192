"""/v1/room and /v1/members."""

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.usecases import members as story
from api.usecases.members import MemberView
from cleanroom.names import MemberName
from cleanroom.state import MemberKind

router = APIRouter(tags=["members"])

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class NewMember(BaseModel):
    """A member to admit."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    kind: MemberKind


class NewKeys(BaseModel):
    """Public keys, one line; ``signature`` is the present key's over them when there are some already."""

    model_config = ConfigDict(extra="forbid")
    public_keys: str = Field(max_length=8000)
    signature: str | None = Field(default=None, max_length=200)


class RoomView(BaseModel):
    """What everybody in the room may know of it."""

    name: str
    floor: int
    verify_key: str


class Me(BaseModel):
    """Who I am to the room."""

    user: str
    member: str
    roles: list[str]


@router.get("/room")
def get_room(room: InRoom, who: Who) -> RoomView:  # noqa: ARG001 - signed-in people only
    """The room: its name, its floor of minimum units, the key that checks its receipts and checkpoints."""
    return RoomView(name=room.name, floor=room.floor, verify_key=room.verify_key.to_text())


@router.get("/me")
def get_me(who: Who) -> Me:
    """Who this key or session belongs to."""
    return Me(user=who.user, member=who.member, roles=sorted(str(role) for role in who.roles))


@router.get("/members")
def list_members(room: InRoom, who: Who) -> list[MemberView]:  # noqa: ARG001 - signed-in people only
    """All members."""
    return list(story.list_members(room))


@router.post("/members", status_code=status.HTTP_201_CREATED)
def add_member(room: InRoom, who: Who, new: NewMember) -> MemberView:
    """Admit a member (operator)."""
    return story.add_member(room, who, new.name, new.kind)


@router.get("/members/{name}")
def get_member(room: InRoom, who: Who, name: str) -> MemberView:  # noqa: ARG001 - signed-in people only
    """One member."""
    return story.get_member(room, MemberName(name))


@router.delete("/members/{name}", status_code=status.HTTP_204_NO_CONTENT)
def remove_member(room: InRoom, who: Who, name: str) -> None:
    """Remove a member and destroy its data key (operator)."""
    story.remove_member(room, who, name)


@router.put("/members/self/keys")
def register_keys(room: InRoom, who: Who, new: NewKeys) -> MemberView:
    """Register the public keys of one's own member (steward)."""
    return story.register_keys(room, who, new.public_keys, signature=new.signature)
