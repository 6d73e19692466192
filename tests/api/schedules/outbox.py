"""A room in small whose operator allows solstice a folder: what the schedules' tests start from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from api_case import SALES_POLICY, TEMPLATE, Case, sale

from api.schedules.settings import SETTINGS_VARIABLE
from api.usecases.policies import approve_policy, submit_policy
from api.usecases.schedules import AddedSchedule, Wanted, add_schedule
from api.usecases.templates import approve_template, submit_template
from api.worker import work_off
from cleanroom.approvals import ApprovedText

POLICY = SALES_POLICY.replace("{{required: false", "{{required: false").replace(
    "  region: {{allow", "  sale_date: {{allow: [dimension, filter], grain: month}}\n  region: {{allow"
)
DATED = (
    TEMPLATE.replace("sales-by-region", "sales-of-months")
    .replace(
        "  channel: {type: text, description: One channel}",
        "  channel: {type: text, description: One channel}\n  from: {type: date, description: From}",
    )
    .replace("WHERE s.channel = :channel", "WHERE s.channel = :channel AND s.sale_date >= :from")
)
WEEKLY = Wanted(
    name="weekly",
    kind="query",
    subject="sales-by-region",
    cadence="weekly mon 06:00",
    channel="folder",
    address="reports/weekly",
    format="csv",
    parameters={"channel": "store"},
)


@dataclass
class Outbox:
    """The prepared room. ``folder`` is solstice's outbox, ``settings`` the operator's file."""

    case: Case
    folder: Path
    settings: Path

    def allow(self, **more: object) -> None:
        """Write the operator's file: solstice has the folder, and whatever else is given for it or for the room."""
        member = {"folder": str(self.folder)} | {k: v for k, v in more.items() if k in ("origins", "mail_domains")}
        rest = {k: v for k, v in more.items() if k not in member}
        self.settings.write_text(yaml.safe_dump({"members": {"solstice": member}, **rest}))

    def add(self, wanted: Wanted = WEEKLY, user: str = "solstice-analyst") -> AddedSchedule:
        """Add a schedule as somebody."""
        return add_schedule(self.case.room, self.case.who(user), wanted)

    def work(self, **later: int) -> None:
        """Let time pass, then let the room do everything that is due."""
        self.case.clock.at += timedelta(**later)
        work_off(self.case.room)

    def push(self, start: int, count: int, region: str = "north") -> None:
        """More of harbor's sales."""
        push(self.case, start, count, region)

    def files(self) -> list[str]:
        """What lies in the outbox, by path below it."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def documents(self, folder: str = "reports/weekly") -> list[Mapping[str, object]]:
        """The JSON documents beside the reports, oldest first."""
        found = sorted((self.folder / folder).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text("utf-8")) for path in found]


def prepared(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """A fresh room made ready; the operator's settings allow a folder."""
    furnish(case)
    return allowed(case, tmp_path, monkeypatch)


def furnish(case: Case) -> None:
    """Policy, templates with their approval, and data."""
    room = case.room
    steward = case.who("harbor-steward")
    view = submit_policy(room, steward, POLICY.format(version=1, mode="ad_hoc"))
    approve_policy(room, steward, view.policy_id, case.signature("harbor", ApprovedText.POLICY, view.digest))
    for text in (TEMPLATE, DATED):
        template = submit_template(room, case.who("solstice-analyst"), text)
        signature = case.signature("harbor", ApprovedText.TEMPLATE, template.digest)
        approve_template(room, steward, template.template_id, signature)
    push(case, 0, 12)


def allowed(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """The operator's settings beside a room made ready."""
    outbox = Outbox(case=case, folder=tmp_path / "outbox", settings=tmp_path / "deliveries.yaml")
    outbox.folder.mkdir()
    monkeypatch.setenv(SETTINGS_VARIABLE, str(outbox.settings))
    outbox.allow()
    return outbox


def push(case: Case, start: int, count: int, region: str = "north") -> None:
    """More of harbor's sales."""
    rows = [sale(n, region=region, sale_date=date(2026, 10, 5)) for n in range(start, start + count)]
    assert case.push(rows)["state"] == "committed"
