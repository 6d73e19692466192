"""/v1/contracts."""

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.usecases import contracts as story
from api.usecases.contracts import ContractView

router = APIRouter(tags=["contracts"])


class NewContract(BaseModel):
    """An ODCS v3.1 document, YAML."""

    model_config = ConfigDict(extra="forbid")
    document: str = Field(min_length=1, max_length=1_000_000)


@router.get("/contracts")
def list_contracts(room: InRoom, who: Who) -> list[ContractView]:  # noqa: ARG001 - signed-in people only
    """All record types of the room."""
    return list(story.list_contracts(room))


@router.post("/contracts", status_code=status.HTTP_201_CREATED)
def add_contract(room: InRoom, who: Who, new: NewContract) -> ContractView:
    """Add a version of a record type (operator)."""
    return story.add_contract(room, who, new.document)


@router.get("/contracts/{dataset}")
def get_contract(room: InRoom, who: Who, dataset: str) -> ContractView:  # noqa: ARG001 - signed-in people only
    """One record type."""
    return story.get_contract(room, dataset)
