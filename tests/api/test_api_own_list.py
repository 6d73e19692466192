"""Group testing: a list that grows by one person does not tell whether another member knows that person."""

from datetime import date

import pytest
from api_case import Case, open_upload, packaged, patch, sales, token

from api.worker import work_off
from cleanroom.approvals import ApprovedText
from cleanroom.contracts import shipped_contracts
from cleanroom.names import DatasetName
from cleanroom.state.chain import LogEntry

REGISTRATIONS = shipped_contracts()[DatasetName("registrations")]
MATCHES = (
    "SELECT COUNT(DISTINCT r.owner_token) AS owners, COUNT(DISTINCT s.buyer_token) AS matched "
    "FROM registrations r LEFT JOIN sales s ON r.owner_token = s.buyer_token"
)
_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: {member}
dataset: {dataset}
version: 1
privacy_unit: {unit}
minimum_units: 10
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [service]
mode: ad_hoc
joins: {{required: false, columns: [{unit}], with: [sales, registrations]}}
columns:
  {unit}: {{allow: [count_distinct]}}
release: {{mechanism: suppress}}
zeros: release
expires: 2030-12-31
"""
KNOWN = range(15)
"""Buyers of harbor whom solstice has on its list; harbor has 40 more."""
STRANGERS = range(900, 912)


def _registered(numbers: list[int]) -> list[dict[str, object]]:
    """Owners by their number as buyers."""
    return [
        {
            "registration_id": f"R{n}",
            "registered_date": date(2026, 1, 5),
            "owner_token": token(100_000 + n),
            "region": f"m{n}",
        }
        for n in numbers
    ]


def _push(case: Case, numbers: list[int]) -> None:
    rows = _registered(numbers)
    manifest, content = packaged(rows, case.keys["solstice"], member="solstice", contract=REGISTRATIONS)
    client = case.client("solstice-uploader")
    place = open_upload(client, manifest, len(content), mode="upsert")
    assert patch(client, place, 0, content).status_code == 204
    work_off(case.room)
    assert client.get(place).json()["state"] == "committed"


def _room(case: Case, policy: str = _POLICY) -> Case:
    for member, dataset, unit in (("harbor", "sales", "buyer_token"), ("solstice", "registrations", "owner_token")):
        client = case.client(f"{member}-steward")
        made = client.post("/v1/policies", json={"text": policy.format(member=member, dataset=dataset, unit=unit)})
        signature = case.signature(member, ApprovedText.POLICY, made.json()["digest"])
        done = client.post(f"/v1/policies/{member}/{dataset}/1/approve", json={"signature": signature})
        assert done.status_code == 200, done.text
    case.push(sales(55, 0))
    _push(case, [*KNOWN, *STRANGERS])
    return case


def _asked(case: Case) -> tuple[dict[str, object], list[dict[str, object]]]:
    run = case.run({"sql": MATCHES, "purpose": "service"})
    assert run["state"] == "SUCCESS", run
    return run, case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()["rows"]


@pytest.mark.parametrize("added", [20, 950], ids=["a buyer of harbor", "nobody harbor knows"])
def test_one_person_more_gives_the_earlier_answer_whoever_it_is(case: Case, added: int) -> None:
    """INVARIANT I13: the same release again, marked as resting on older data; also under another spelling."""
    first, rows = _asked(_room(case))
    assert rows == [{"owners": 27, "matched": 15}]
    _push(case, [added])
    again, same = _asked(case)
    assert (again["release_id"], same, again["rests_on_older_data"]) == (first["release_id"], rows, True)
    run = case.run({"sql": MATCHES.replace(" r ", " x ").replace("r.", "x."), "purpose": "service"})
    other = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()["rows"]
    assert other == rows


def test_enough_new_people_are_a_new_question(case: Case) -> None:
    """Nine more stay unseen; with the tenth the list is read as it is, and the answer is the truth."""
    first, _ = _asked(_room(case))
    _push(case, list(range(20, 29)))
    assert _asked(case)[0]["release_id"] == first["release_id"]
    _push(case, [29])
    run, rows = _asked(case)
    assert (run["rests_on_older_data"], rows) == (False, [{"owners": 37, "matched": 25}])


@pytest.mark.parametrize("left_out", [3, 900], ids=["a buyer of harbor", "nobody harbor knows"])
def test_leaving_out_one_marked_person_is_withheld_whoever_it_is(case: Case, left_out: int) -> None:
    """INVARIANT I13, the same by marks of one's own on the list, with no upload at all."""
    alone = _POLICY.replace("[solstice, harbor]", "[solstice]").replace(
        "  {unit}: {{allow: [count_distinct]}}", "  {unit}: {{allow: [count_distinct]}}\n  region: {{allow: [filter]}}"
    )
    _room(case, alone)
    matched = MATCHES.replace("COUNT(DISTINCT r.owner_token) AS owners, ", "").replace("LEFT JOIN", "JOIN")
    answers = []
    for asked in (matched, f"{matched} WHERE r.region <> 'm{left_out}'"):
        run = case.run({"sql": asked, "purpose": "service"})
        answers += case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()["rows"]
    assert answers == [{"matched": 15}, {"matched": {"withheld": "ledger"}}]


def test_a_person_erased_from_the_list_is_in_no_later_question(case: Case) -> None:
    """What is asked next reads the list without the person, though one fewer is too few to be a new list."""
    _asked(_room(case))
    _push(case, [20])
    erased = case.client("solstice-steward").post("/v1/erasures", json={"tokens": [str(token(100_900))]})
    assert erased.json() == {"removed": {"registrations": 1}}
    inner = MATCHES.replace("LEFT JOIN", "JOIN")
    run = case.run({"sql": inner, "purpose": "service"})
    reads = [one.facts for one in _planned(case, run["run_id"])]
    newest = case.client("solstice-uploader").get("/v1/datasets/registrations/snapshots").json()
    assert [f"solstice/registrations@{max(one['snapshot'] for one in newest)}" in facts for facts in reads] == [True]


def _planned(case: Case, run: object) -> list[LogEntry]:
    with case.room.state.read() as tx:
        return [entry for entry in tx.log.about("runs", str(run)) if entry.kind == "run.planned"]
