"""/v1/schedules: questions asked again and again, and how their answers were sent."""

from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.usecases import schedules as story
from api.usecases.schedules import DeliveryView, ScheduleView, Wanted

router = APIRouter(tags=["schedules"])


class WantedSchedule(BaseModel):
    """A schedule to add; dates among the parameters may move: ``@start-of-month-12``."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=64)]
    query: Annotated[str | None, Field(max_length=96)] = None
    insight: Annotated[str | None, Field(max_length=96)] = None
    parameters: dict[str, Annotated[str, Field(max_length=2_000)]] = Field(default_factory=dict, max_length=100)
    cadence: Annotated[str, Field(max_length=64, examples=["weekly mon 06:00"])]
    channel: Annotated[str, Field(max_length=16, examples=["folder"])]
    address: Annotated[str, Field(max_length=1_000)]
    format: Annotated[str, Field(max_length=16)] = "csv"
    sends: Annotated[str, Field(max_length=16)] = "file"

    def as_wanted(self) -> Wanted:
        """It for the use case; both or neither of query and insight is no kind, and refused there."""
        kinds = [kind for kind, subject in (("query", self.query), ("insight", self.insight)) if subject is not None]
        return Wanted(
            name=self.name,
            kind=kinds[0] if len(kinds) == 1 else "",
            subject=self.query or self.insight or "",
            parameters=self.parameters,
            cadence=self.cadence,
            channel=self.channel,
            address=self.address,
            format=self.format,
            sends=self.sends,
        )


class AddedJson(BaseModel):
    """A new schedule; ``secret`` verifies its webhooks and is shown this once."""

    schedule: ScheduleView
    secret: str


@router.get("/schedules")
def list_schedules(room: InRoom, who: Who) -> list[ScheduleView]:
    """One's own member's schedules, by name."""
    return list(story.list_schedules(room, who))


@router.post("/schedules", status_code=status.HTTP_201_CREATED)
def add_schedule(room: InRoom, who: Who, wanted: WantedSchedule) -> AddedJson:
    """Keep a schedule in one's own name."""
    added = story.add_schedule(room, who, wanted.as_wanted())
    return AddedJson(schedule=added.view, secret=added.secret)


@router.get("/schedules/{name}")
def get_schedule(room: InRoom, who: Who, name: str) -> ScheduleView:
    """One schedule."""
    return story.get_schedule(room, who, name)


@router.delete("/schedules/{name}", status_code=status.HTTP_204_NO_CONTENT)
def remove_schedule(room: InRoom, who: Who, name: str) -> Response:
    """End it, and forget where its answers went."""
    story.remove_schedule(room, who, name)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/schedules/{name}/deliveries")
def list_deliveries(room: InRoom, who: Who, name: str) -> list[DeliveryView]:
    """Its latest deliveries, newest first."""
    return list(story.list_deliveries(room, who, name))


@router.post("/schedules/{name}/pause")
def pause_schedule(room: InRoom, who: Who, name: str) -> ScheduleView:
    """Let it rest."""
    return story.pause_schedule(room, who, name)


@router.post("/schedules/{name}/resume")
def resume_schedule(room: InRoom, who: Who, name: str) -> ScheduleView:
    """Go on from now."""
    return story.resume_schedule(room, who, name)


@router.post("/schedules/{name}/run", status_code=status.HTTP_202_ACCEPTED)
def run_schedule(room: InRoom, who: Who, name: str) -> DeliveryView:
    """Run it now, beside its rhythm."""
    return story.run_schedule(room, who, name)
