"""/v1/erasures: take people out of one's own data, by token."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.usecases import erasure as story
from api.usecases.erasure import Erased

router = APIRouter(tags=["data"])


class ToErase(BaseModel):
    """Tokens as the member's own machine makes them from identifiers."""

    model_config = ConfigDict(extra="forbid")
    tokens: Annotated[list[UUID], Field(min_length=1, max_length=10_000)]
    purge: bool = False


@router.post("/erasures")
def erase(room: InRoom, who: Who, given: ToErase) -> Erased:
    """Remove every row that carries one of the tokens from all datasets of one's own member, and keep later files from bringing them back.

    ``purge`` gives up the vault's history, so that the rows leave the disk now.
    """
    return story.erase_people(room, who, given.tokens, purging=given.purge)
