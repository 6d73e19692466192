"""/v1/log: entries, verification, proofs, checkpoints."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.routes.paging import DEFAULT_LIMIT, Limit, Page, page_of
from api.usecases import log as story
from api.usecases.log import Proof, Verified
from cleanroom.state.chain import LogEntry
from cleanroom.state.checkpoint import Checkpoint

router = APIRouter(tags=["log"])

Number = Annotated[int, Query(ge=1, le=2**31 - 1)]
After = Annotated[int, Query(ge=0, le=2**31 - 1)]


class GivenCheckpoint(BaseModel):
    """A checkpoint's text, as it was taken."""

    model_config = ConfigDict(extra="forbid")
    checkpoint: str | None = Field(default=None, max_length=4_000)


@router.get("/log")
def list_log(room: InRoom, who: Who, cursor: After = 0, limit: Limit = DEFAULT_LIMIT) -> Page[LogEntry]:
    """Entries, oldest first; the cursor is the last number seen."""
    found = story.list_log(room, who, after=cursor, limit=limit + 1)
    return page_of(found, limit=limit, key=lambda entry: entry.seq)


@router.post("/log/verify")
def verify_log(room: InRoom, who: Who, given: GivenCheckpoint) -> Verified:
    """Check the chain, the state beside it, and a checkpoint if one is given."""
    return story.verify_log(room, who, given.checkpoint)


@router.get("/log/checkpoint")
def take_checkpoint(room: InRoom, who: Who) -> Checkpoint:
    """A signed statement of what the log is now: keep it outside the room."""
    return story.take_checkpoint(room, who)


@router.get("/log/inclusion")
def prove_inclusion(room: InRoom, who: Who, seq: Number, size: Number | None = None) -> Proof:
    """That an entry is among the first ``size``."""
    return story.prove_inclusion(room, who, seq, size)


@router.get("/log/consistency")
def prove_consistency(room: InRoom, who: Who, older: Number, size: Number | None = None) -> Proof:
    """That the first ``older`` entries are still the log's beginning."""
    return story.prove_consistency(room, who, older, size)
