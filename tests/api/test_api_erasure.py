"""Erasure: later answers know nothing of the person, earlier ones do not tell, and a crash leaves nothing between."""

import json
import secrets

from api_case import AD_HOC, Case, sales, token

from api.usecases.log import verify_log
from cleanroom.names import MemberName
from cleanroom.vault.erase import erase

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def _erase(case: Case, *numbers: int) -> dict[str, object]:
    given = {"tokens": [str(token(100_000 + number)) for number in numbers]}
    answer = case.client("harbor-steward").post("/v1/erasures", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_an_erased_person_is_in_no_later_answer(case: Case) -> None:
    """Twelve people, two erased, nothing was asked before: ten are counted."""
    case.policy()
    case.push(sales(12, 0))
    assert _erase(case, 0, 1) == {"removed": {"sales": 2}}
    run = case.run(_ASKED)
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 10}]
    snapshots = case.client("harbor-uploader").get("/v1/datasets/sales/snapshots").json()
    assert [snapshot["counts"].get("removed") for snapshot in snapshots] == [0, 2]
    verify_log(case.room, case.who("harbor-auditor"))


def test_an_erased_person_is_not_told_by_asking_again(case: Case) -> None:
    """INVARIANT I13: thirteen before; twelve after would tell the one, and thirteen again would count them: neither is."""
    case.policy()
    case.push(sales(13, 0))
    assert case.run(_ASKED)["state"] == "SUCCESS"
    _erase(case, 0)
    run = case.run(_ASKED)
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": {"withheld": "ledger"}}]


def test_an_erasure_the_state_does_not_know_is_pinned_on_opening(case: Case) -> None:
    """A crash between the lake's commit and the state's: healed by looking into the lake."""
    case.policy()
    case.push(sales(12, 0))
    erase(case.room.vault(MemberName("harbor")), [token(100_000)], random=secrets.token_bytes)
    case.reopened()
    run = case.run(_ASKED)
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 11}]


def test_erasing_what_is_not_there_changes_nothing(case: Case) -> None:
    """Before any upload, or with tokens nobody has."""
    assert _erase(case, 7) == {"removed": {}}
    case.push(sales(12, 0))
    assert _erase(case, 99_999) == {"removed": {}}
    assert len(case.client("harbor-uploader").get("/v1/datasets/sales/snapshots").json()) == 1


def test_a_purge_takes_the_rows_off_the_disk_and_questions_go_on(case: Case) -> None:
    """After it no older snapshot is left to read; later questions rest on what the purge left."""
    case.policy()
    case.push(sales(12, 0))
    given = {"tokens": [str(token(100_000))], "purge": True}
    answer = case.client("harbor-uploader").post("/v1/erasures", json=given)
    assert (answer.status_code, answer.json()) == (200, {"removed": {"sales": 1}})
    case.reopened()
    run = case.run(_ASKED)
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 11}]
    view = case.push(sales(12, 0), mode="upsert")
    counts = json.loads(str(view["receipt"]))["receipt"]["counts"]
    assert (counts["inserted"], counts["unchanged"], counts["quarantined"]) == (0, 11, 1)
