"""Rights that end between asking and answering: whatever ends, and whenever, nothing leaves any more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from api.principal import local_operator
from api.usecases.members import register_keys, remove_member
from api.usecases.people import revoke_user, set_roles
from api.usecases.policies import name_of, withdraw_policy
from api.usecases.questions import Ask
from api.usecases.run_story import execute_run, tools_for
from api.usecases.runs import submit_run
from api.usecases.templates import approve_template, submit_template, withdraw_template
from cleanroom.approvals import KEYS_DOMAIN, ApprovedText, keys_statement
from cleanroom.crypto import MemberKeys
from cleanroom.names import MemberName, RunId
from cleanroom.state import RunState, UserRole
from tests.api.api_case import TEMPLATE, Case, sales, token

ASKER, STEWARD = "solstice-analyst", "harbor-steward"
_QUESTION = Ask(template="sales-by-region@1", parameters={"channel": "store"})


def _rotate(case: Case) -> None:
    keys = MemberKeys.generate(case.room.surroundings.random)
    statement = keys_statement(room=case.room.name, member="harbor", public_keys=keys.public.to_text())
    vouched = case.keys["harbor"].signing.sign(KEYS_DOMAIN, statement).to_text()
    register_keys(case.room, case.who(STEWARD), keys.public.to_text(), signature=vouched)


def _tighten(case: Case) -> None:
    case.policy(version=2, mode="templates")


def _later(case: Case) -> None:
    case.clock.at += timedelta(days=365 * 10)


ENDS: dict[str, Callable[[Case], object]] = {
    "the policy is withdrawn": lambda case: withdraw_policy(case.room, case.who(STEWARD), name_of("harbor", "sales", 1)),
    "the policy is superseded": _tighten,
    "the policy runs out": _later,
    "the approval is withdrawn": lambda case: withdraw_template(case.room, case.who(STEWARD), "sales-by-region@1"),
    "the author withdraws the template": lambda case: withdraw_template(case.room, case.who(ASKER), "sales-by-region@1"),
    "the owner's key changes": _rotate,
    "the owner leaves": lambda case: remove_member(case.room, local_operator(), "harbor"),
    "the asker is no analyst any more": lambda case: set_roles(case.room, local_operator(), ASKER, [UserRole.AUDITOR]),
    "the asker leaves": lambda case: revoke_user(case.room, local_operator(), ASKER),
    "the asker's member leaves": lambda case: remove_member(case.room, local_operator(), "solstice"),
}  # fmt: skip


@pytest.fixture
def approved(case: Case) -> Case:
    """Data, a policy for templates, and an approved template."""
    case.push(sales(12, 15))
    case.policy(mode="templates")
    template = submit_template(case.room, case.who(ASKER), TEMPLATE)
    signature = case.signature("harbor", ApprovedText.TEMPLATE, template.digest)
    approve_template(case.room, case.who(STEWARD), template.template_id, signature)
    return case


def _asked(case: Case) -> RunId:
    return submit_run(case.room, case.who(ASKER), _QUESTION).run_id


def _held(case: Case, member: str = "solstice") -> int:
    with case.room.state.read() as tx:
        return len(tx.releases.ids_held_by(MemberName(member)))


@pytest.mark.parametrize("end", [end for end in ENDS if end != "the policy is superseded"])
def test_what_ends_while_a_question_waits_leaves_it_unanswered(approved: Case, end: str) -> None:
    """Between asking and the first row read; under a policy's next version it would be asked anew."""
    run = _asked(approved)
    ENDS[end](approved)
    assert execute_run(approved.room, run, tools_for(approved.room)) in (RunState.REFUSED, RunState.FAILED)
    assert _held(approved) == 0


@pytest.mark.parametrize("end", ENDS, ids=list(ENDS))
def test_what_ends_while_a_question_runs_takes_its_answer_with_it(approved: Case, end: str) -> None:
    """Between counting and storing: INVARIANT I16, nobody knows the answer yet, and nobody will."""
    run = _asked(approved)
    seen: list[str] = []

    def checkpoint(step: str) -> None:
        seen.append(step)
        if step == "released":
            ENDS[end](approved)

    tools = replace(tools_for(approved.room), checkpoint=checkpoint)
    assert execute_run(approved.room, run, tools) in (RunState.REFUSED, RunState.FAILED)
    assert (seen[-1], _held(approved)) == ("released", 0)


def test_an_answer_that_was_given_is_not_given_again_under_a_policy_that_ended(approved: Case) -> None:
    """The same plan is replayed only while the question may be asked."""
    first = _asked(approved)
    assert execute_run(approved.room, first, tools_for(approved.room)) is RunState.SUCCESS
    withdraw_policy(approved.room, approved.who(STEWARD), name_of("harbor", "sales", 1))
    assert execute_run(approved.room, _asked(approved), tools_for(approved.room)) is RunState.REFUSED


def test_nobody_erased_stands_in_a_row_that_is_served_again(approved: Case) -> None:
    """Promise 4 to persons: after the erasure the earlier row, which counts the person, is not given another time."""
    asked = {"template": "sales-by-region@1", "parameters": {"channel": "store"}}
    assert approved.run(asked)["state"] == "SUCCESS"
    gone = {"tokens": [str(token(100_003))]}
    assert approved.client("harbor-steward").post("/v1/erasures", json=gone).json() == {"removed": {"sales": 1}}
    run = approved.run(asked)
    answer = approved.client(ASKER).get(f"/v1/releases/{run['release_id']}").json()
    assert (answer["rows"], answer["earlier_rows"]) == (
        [{"region": "north", "sold": {"withheld": "ledger"}}, {"region": "south", "sold": 15}],
        [],
    )
