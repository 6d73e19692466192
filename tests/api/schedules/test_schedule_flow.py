"""Schedules from end to end: due, asked, answered, delivered, and what is said where one of these does not happen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from outbox import WEEKLY, Outbox

from api.principal import local_operator
from api.usecases.log import verify_log
from api.usecases.occasions import notice
from api.usecases.people import revoke_user, set_roles
from api.usecases.policies import withdraw_policy
from api.usecases.schedules import (
    get_schedule,
    latest_changes,
    list_deliveries,
    list_schedules,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    run_schedule,
)
from api.usecases.templates import withdraw_template
from cleanroom.errors import Conflict, DataRefused, NotAuthorised, NotFound, PolicyRefused, UsageProblem
from cleanroom.state import DeliveryState, ScheduleState, UserRole


def test_a_weekly_schedule_runs_on_its_day_and_once(outbox: Outbox) -> None:
    """Saturday noon nothing; Monday morning one report; looked at again, no second."""
    case = outbox.case
    view = outbox.add().view
    assert (view.words, view.next_at) == ("every Monday at 06:00 UTC", datetime(2026, 11, 23, 6, tzinfo=UTC))
    outbox.work(hours=12)
    assert outbox.files() == []
    outbox.work(days=2)
    outbox.work(hours=1)
    delivered = list_deliveries(case.room, case.who("solstice-analyst"), "weekly")
    assert [(one.state, one.attempts, one.problem) for one in delivered] == [(DeliveryState.DELIVERED, 1, None)]
    name = f"reports/weekly/weekly-2026-11-23-{delivered[0].delivery_id[:12]}"
    assert outbox.files() == [f"{name}.csv", f"{name}.json"]
    assert (outbox.folder / f"{name}.csv").read_text() == "region,sold\nnorth,12\n"
    assert outbox.documents()[0]["changes"] == [
        {
            "title": "Sales by region",
            "words": ["This is the first one.", "The data reach to 2026-10-05."],
            "moved": 0,
            "rows": [],
        }
    ]
    verify_log(case.room, case.who("harbor-auditor"))


def test_new_data_makes_it_run_and_it_says_what_changed(outbox: Outbox) -> None:
    """Nothing at first; three more sales move one number, a new region appears; unrelated uploads do nothing."""
    case = outbox.case
    outbox.add(replace(WEEKLY, cadence="new-data"))
    outbox.work(minutes=1)
    assert outbox.files() == []
    outbox.push(50, 3)
    outbox.work(minutes=1)
    outbox.push(70, 11, region="south")
    outbox.work(minutes=1)
    first, second = outbox.documents()
    assert first["changes"][0]["words"][0] == "This is the first one."  # type: ignore[index]
    assert second["changes"][0]["words"] == ["1 row is new."]  # type: ignore[index]
    assert second["changes"][0]["rows"] == [  # type: ignore[index]
        {"cell": "south", "column": "sold", "before": "not listed", "after": "11"}
    ]
    assert [part.words for part in latest_changes(case.room, case.who("solstice-analyst"), "weekly")] == [
        ("1 row is new.",)
    ]


def test_an_upload_one_may_not_ask_about_changes_nothing(outbox: Outbox) -> None:
    """INVARIANT I17: quayside's sales are under no policy for solstice; its upload makes no occasion."""
    case = outbox.case
    outbox.add(replace(WEEKLY, cadence="new-data"))
    from api_case import sales

    case.push(sales(20, 0), member="quayside")
    outbox.work(minutes=1)
    assert list_deliveries(case.room, case.who("solstice-analyst"), "weekly") == ()


def test_dates_move_with_the_occasion(outbox: Outbox) -> None:
    """@start-of-month-1 is October for a run in November and November for one in December."""
    case = outbox.case
    wanted = replace(
        WEEKLY,
        name="monthly",
        subject="sales-of-months",
        cadence="monthly 1 06:00",
        parameters={"channel": "store", "from": "@start-of-month-2"},
    )
    outbox.add(wanted)
    outbox.work(days=11)
    outbox.work(days=31)
    found = list_deliveries(case.room, case.who("solstice-analyst"), "monthly")
    assert [one.state for one in found] == [DeliveryState.DELIVERED, DeliveryState.DELIVERED]
    assert [document["changes"][0]["words"] for document in outbox.documents()] == [  # type: ignore[index]
        ["This is the first one.", "The data reach to 2026-10-05."],
        ["1 row is no longer listed."],
    ]


def test_what_was_missed_is_made_up_for_once(outbox: Outbox) -> None:
    """Three weeks without a server are one occasion, not three."""
    outbox.add()
    outbox.work(days=24)
    assert len(outbox.documents()) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [("revoked", "CR-S031"), ("role", "CR-S031"), ("policy", "CR-Q200"), ("approval", "CR-A051")],
)
def test_rights_are_those_of_the_moment(outbox: Outbox, what: str, code: str) -> None:
    """A revoked person, a lost role, a policy or approval that ended: nothing runs, and the schedule says why."""
    case = outbox.case
    outbox.add()
    operator = local_operator()
    match what:
        case "revoked":
            revoke_user(case.room, operator, "solstice-analyst")
        case "role":
            set_roles(case.room, operator, "solstice-analyst", [UserRole.UPLOADER])
        case "policy":
            withdraw_policy(case.room, case.who("harbor-steward"), "harbor/sales/1")
        case _:
            withdraw_template(case.room, case.who("harbor-steward"), "sales-by-region@1")
    outbox.work(days=3)
    seen = get_schedule(case.room, case.who("solstice-steward"), "weekly")
    assert outbox.files() == []
    assert seen.latest is not None
    assert (seen.latest.state, seen.latest.problem) == (DeliveryState.REFUSED, seen.problem)
    assert seen.problem == code


def test_rights_that_end_while_the_answer_is_ready_stop_it(outbox: Outbox) -> None:
    """Between the run and the sending, too: the operator takes the folder away, and nothing is written."""
    case = outbox.case
    outbox.add()
    case.clock.at = datetime(2026, 11, 23, 6, 1, tzinfo=UTC)
    notice(case.room)
    outbox.settings.write_text("{}")
    outbox.work(seconds=1)
    seen = get_schedule(case.room, case.who("solstice-analyst"), "weekly")
    assert (seen.problem, outbox.files()) == ("CR-S012", [])
    outbox.allow()
    run_schedule(case.room, case.who("solstice-analyst"), "weekly")
    outbox.work(seconds=1)
    assert get_schedule(case.room, case.who("solstice-analyst"), "weekly").problem is None
    assert len(outbox.documents()) == 1


def test_a_refusal_on_new_data_is_said_and_mended(outbox: Outbox) -> None:
    """While the approval is withdrawn new data does not run; given again, it is made up for."""
    from api.usecases.templates import approve_template, get_template
    from cleanroom.approvals import ApprovedText

    case, steward = outbox.case, outbox.case.who("harbor-steward")
    outbox.add(replace(WEEKLY, cadence="new-data"))
    withdraw_template(case.room, steward, "sales-by-region@1")
    outbox.push(50, 3)
    outbox.work(minutes=1)
    analyst = case.who("solstice-analyst")
    assert (get_schedule(case.room, analyst, "weekly").problem, outbox.files()) == ("CR-A051", [])
    digest = get_template(case.room, steward, "sales-by-region@1").digest
    approve_template(case.room, steward, "sales-by-region@1", case.signature("harbor", ApprovedText.TEMPLATE, digest))
    outbox.work(minutes=6)
    assert (get_schedule(case.room, analyst, "weekly").problem, len(outbox.documents())) == (None, 1)


def test_a_paused_schedule_rests_and_a_removed_one_forgets(outbox: Outbox) -> None:
    """Paused over its day nothing comes; resumed it goes on from now; removed, its destination is gone."""
    case, analyst = outbox.case, outbox.case.who("solstice-analyst")
    outbox.add()
    assert pause_schedule(case.room, analyst, "weekly").state is ScheduleState.PAUSED
    with pytest.raises(Conflict, match="CR-S030"):
        run_schedule(case.room, analyst, "weekly")
    outbox.work(days=3)
    assert resume_schedule(case.room, case.who("solstice-steward"), "weekly").next_at == datetime(
        2026, 11, 30, 6, tzinfo=UTC
    )
    outbox.work(minutes=1)
    assert outbox.files() == []
    remove_schedule(case.room, analyst, "weekly")
    outbox.work(days=10)
    assert (outbox.files(), list_schedules(case.room, analyst)) == ([], ())
    with case.room.state.read() as tx:
        assert [record.destination_blob for record in tx.schedules.active()] == []
    outbox.add()  # the name is free again


def test_schedules_are_of_one_member(outbox: Outbox) -> None:
    """INVARIANT I17: another member's schedule is not there; a colleague sees it, and may not run it as its owner."""
    case = outbox.case
    outbox.add()
    assert list_schedules(case.room, case.who("harbor-analyst")) == ()
    for story in (get_schedule, pause_schedule, remove_schedule, list_deliveries):
        with pytest.raises(NotFound, match="CR-L003"):
            story(case.room, case.who("harbor-analyst"), "weekly")
    assert [view.name for view in list_schedules(case.room, case.who("solstice-steward"))] == ["weekly"]
    with pytest.raises(NotAuthorised, match="CR-A003"):
        run_schedule(case.room, case.who("solstice-steward"), "weekly")


REFUSED: list[tuple[dict[str, object], type[Exception], str]] = [
    ({"cadence": "hourly"}, UsageProblem, "CR-S001"),
    ({"cadence": "daily 25:00"}, UsageProblem, "CR-S001"),
    ({"cadence": "weekly day 06:00"}, UsageProblem, "CR-S001"),
    ({"format": "docx"}, UsageProblem, "CR-S004"),
    ({"kind": "table"}, UsageProblem, "CR-S008"),
    ({"sends": "link"}, UsageProblem, "CR-S008"),
    ({"channel": "fax"}, UsageProblem, "CR-S010"),
    ({"address": "../harbor"}, UsageProblem, "CR-S011"),
    ({"address": "/etc"}, UsageProblem, "CR-S011"),
    ({"address": "a/../../b"}, UsageProblem, "CR-S011"),
    ({"address": ".hidden"}, UsageProblem, "CR-S011"),
    ({"address": "a\x00b"}, UsageProblem, "CR-S011"),
    ({"name": "Weekly Report"}, DataRefused, "CR-A031"),
    ({"subject": "nothing-like-it"}, NotFound, "CR-L003"),
    ({"parameters": {}}, UsageProblem, "CR-S026"),
    ({"subject": "sales-of-months", "parameters": {"channel": "x", "from": "@yesterday"}}, UsageProblem, "CR-S002"),
    ({"subject": "sales-of-months", "parameters": {"channel": "x", "from": "2026-10-05"}}, PolicyRefused, "CR-P"),
    ({"parameters": {"channel": "store", "other": "x"}}, UsageProblem, "CR-S026"),
    ({"channel": "mail", "address": "a@solstice.example"}, DataRefused, "CR-S021"),
    ({"channel": "webhook", "address": "https://hooks.example.com/x"}, DataRefused, "CR-S016"),
]
"""What is wrong in a schedule, and what is said."""


def test_what_cannot_work_is_refused_at_once(outbox: Outbox) -> None:
    """Each with its code, and nothing is kept."""
    for change, error, code in REFUSED:
        with pytest.raises(error, match=code):
            outbox.add(replace(WEEKLY, **change))  # type: ignore[arg-type]
    assert list_schedules(outbox.case.room, outbox.case.who("solstice-analyst")) == ()


def test_a_name_is_taken_once(outbox: Outbox) -> None:
    """Per member, while it lives."""
    outbox.add()
    with pytest.raises(Conflict, match="CR-S007"):
        outbox.add()
