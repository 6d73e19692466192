"""/v1/policies."""

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.usecases import policies as story
from api.usecases.policies import PolicyView

router = APIRouter(tags=["policies"])


class NewPolicy(BaseModel):
    """The YAML text of a data policy."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=256_000)


class SignedApproval(BaseModel):
    """``<key id>:<base64>``: the member's Ed25519 signature over the approval statement."""

    model_config = ConfigDict(extra="forbid")
    signature: str = Field(max_length=200)


@router.get("/policies")
def list_policies(room: InRoom, who: Who) -> list[PolicyView]:
    """One's own member's policies, and those of others under which one's member may ask."""
    return list(story.list_policies(room, who))


@router.post("/policies", status_code=status.HTTP_201_CREATED)
def submit_policy(room: InRoom, who: Who, new: NewPolicy) -> PolicyView:
    """Submit a version (steward of the member it speaks for)."""
    return story.submit_policy(room, who, new.text)


@router.get("/policies/{member}/{dataset}/{version}")
def get_policy(room: InRoom, who: Who, member: str, dataset: str, version: int) -> PolicyView:
    """One version."""
    return story.get_policy(room, who, story.name_of(member, dataset, version))


@router.post("/policies/{member}/{dataset}/{version}/approve")
def approve_policy(
    room: InRoom, who: Who, member: str, dataset: str, version: int, approval: SignedApproval
) -> PolicyView:
    """Make a submitted version the active one (steward of its member, with the member's signature)."""
    return story.approve_policy(room, who, story.name_of(member, dataset, version), approval.signature)


@router.post("/policies/{member}/{dataset}/{version}/withdraw")
def withdraw_policy(room: InRoom, who: Who, member: str, dataset: str, version: int) -> PolicyView:
    """End a version at once (steward of its member)."""
    return story.withdraw_policy(room, who, story.name_of(member, dataset, version))
