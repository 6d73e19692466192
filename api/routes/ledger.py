"""/v1/ledger: how much one's member holds already."""

from fastapi import APIRouter

from api.auth import InRoom, Who
from api.usecases import ledger as story
from api.usecases.ledger import Holdings

router = APIRouter(tags=["ledger"])


@router.get("/ledger")
def get_ledger(room: InRoom, who: Who) -> Holdings:
    """How many released results one's own member holds, by dataset."""
    return story.holdings(room, who)
