"""/v1/queries: templates, and checks of any text."""

from typing import Annotated, Any

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import InRoom, Who
from api.routes.policies import SignedApproval
from api.usecases import questions as asking
from api.usecases import templates as story
from api.usecases.questions import Ask
from api.usecases.templates import TemplateView
from queries.public import CheckJson, check_json

router = APIRouter(tags=["queries"])

_Text = Annotated[str, Field(min_length=1, max_length=128_000)]


class NewTemplate(BaseModel):
    """SQL with YAML front matter."""

    model_config = ConfigDict(extra="forbid")
    text: _Text


class Asked(BaseModel):
    """A question: ``template`` (``name`` or ``name@version``, ``member.name`` where the name alone means another member's) or ``sql``; values of parameters as text."""

    model_config = ConfigDict(extra="forbid")
    template: str | None = Field(default=None, max_length=160)
    sql: _Text | None = None
    purpose: str | None = Field(default=None, max_length=64)
    parameters: dict[str, Annotated[str, Field(max_length=2_000)]] = Field(default_factory=dict, max_length=100)

    def as_ask(self) -> Ask:
        """As the use cases take it."""
        return Ask(template=self.template, sql=self.sql, purpose=self.purpose, parameters=self.parameters)


@router.get("/queries")
def list_queries(room: InRoom, who: Who) -> list[TemplateView]:
    """The templates one's member wrote, is read by, or may ask."""
    return list(story.list_templates(room, who))


@router.post("/queries", status_code=status.HTTP_201_CREATED)
def submit_query(room: InRoom, who: Who, new: NewTemplate) -> TemplateView:
    """Submit a template for its owners to approve."""
    return story.submit_template(room, who, new.text)


@router.post("/queries/check", response_model=dict[str, Any])
def check_query(room: InRoom, who: Who, asked: Asked) -> CheckJson:
    """Decide about a question without touching data: all violations, obligations, the SQL that would run.

    The answer is 200 for refused questions too: being told why is what was asked for.
    """
    return check_json(asking.check_question(room, who, asked.as_ask()))


@router.get("/queries/{name}/{version}")
def get_query(room: InRoom, who: Who, name: str, version: int) -> TemplateView:
    """One version of a template."""
    return story.get_template(room, who, f"{name}@{version}")


@router.post("/queries/{name}/{version}/approve")
def approve_query(room: InRoom, who: Who, name: str, version: int, approval: SignedApproval) -> TemplateView:
    """Give one's member's approval, with the member's signature (steward)."""
    return story.approve_template(room, who, f"{name}@{version}", approval.signature)


@router.post("/queries/{name}/{version}/withdraw")
def withdraw_query(room: InRoom, who: Who, name: str, version: int) -> TemplateView:
    """Take one's member's approval back, at once."""
    return story.withdraw_template(room, who, f"{name}@{version}")
