"""/v1/users and /v1/keys."""

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.routes.members import Name
from api.usecases import people as story
from api.usecases.people import IssuedKey, KeyView, UserView
from cleanroom.state import UserRole

router = APIRouter(tags=["people"])


class NewUser(BaseModel):
    """A person to add."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    member: Name
    roles: list[UserRole] = Field(min_length=1, max_length=5)
    password: str | None = Field(default=None, max_length=1024)


class NewRoles(BaseModel):
    """The roles a person has from now on."""

    model_config = ConfigDict(extra="forbid")
    roles: list[UserRole] = Field(min_length=1, max_length=5)


class NewPassword(BaseModel):
    """A new password."""

    model_config = ConfigDict(extra="forbid")
    password: str = Field(max_length=1024)


class NewKey(BaseModel):
    """A key to issue; no scopes: all of the user's roles."""

    model_config = ConfigDict(extra="forbid")
    scopes: list[UserRole] | None = Field(default=None, max_length=5)
    ttl_days: int | None = Field(default=None, ge=1, le=3650)


@router.get("/users")
def list_users(room: InRoom, who: Who) -> list[UserView]:
    """The people of one's member; all for the operator."""
    return list(story.list_users(room, who))


@router.post("/users", status_code=status.HTTP_201_CREATED)
def add_user(room: InRoom, who: Who, new: NewUser) -> UserView:
    """Add a person (operator)."""
    return story.add_user(room, who, new.name, member=new.member, roles=new.roles, password=new.password)


@router.delete("/users/{name}", status_code=status.HTTP_204_NO_CONTENT)
def revoke_user(room: InRoom, who: Who, name: str) -> None:
    """Take everything away from a person (operator)."""
    story.revoke_user(room, who, name)


@router.put("/users/{name}/roles")
def set_roles(room: InRoom, who: Who, name: str, new: NewRoles) -> UserView:
    """Replace a person's roles (operator)."""
    return story.set_roles(room, who, name, new.roles)


@router.put("/users/{name}/password", status_code=status.HTTP_204_NO_CONTENT)
def set_password(room: InRoom, who: Who, name: str, new: NewPassword) -> None:
    """Set a password: one's own, or anybody's for the operator."""
    story.set_password(room, who, name, new.password)


@router.get("/users/{name}/keys")
def list_keys(room: InRoom, who: Who, name: str) -> list[KeyView]:
    """A person's API keys, without what they are."""
    return list(story.list_keys(room, who, name))


@router.post("/users/{name}/keys", status_code=status.HTTP_201_CREATED)
def issue_key(room: InRoom, who: Who, name: str, new: NewKey) -> IssuedKey:
    """Make an API key; the answer is the only place it is ever shown."""
    return story.issue_key(room, who, name, scopes=new.scopes, ttl_days=new.ttl_days)


@router.delete("/keys/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke_key(room: InRoom, who: Who, key_id: str) -> None:
    """Revoke a key: one's own, or anybody's for the operator."""
    story.revoke_key(room, who, key_id)
