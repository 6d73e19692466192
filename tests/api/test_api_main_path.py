"""Upload, policy, question, answer: the main path over HTTP."""

import json

from api_case import AD_HOC, TEMPLATE, Case, K, sales

from api.usecases.log import verify_log
from cleanroom.approvals import ApprovedText
from cleanroom.ingest import read_receipt


def test_an_upload_is_committed_with_a_signed_receipt(case: Case) -> None:
    """Rows go in in one piece; the receipt's counts are the file's and the room signed it."""
    upload = case.push(sales(12, 3))
    receipt = read_receipt(upload["receipt"], case.room.verify_key).receipt
    assert (upload["state"], receipt.counts.inserted, receipt.counts.rows) == ("committed", 15, 15)
    datasets = case.client("harbor-uploader").get("/v1/datasets").json()
    assert [(d["member"], d["dataset"], d["data_date"]) for d in datasets] == [("harbor", "sales", "2026-01-28")][
        :1
    ] or (datasets[0]["dataset"] == "sales")


def test_a_question_gets_the_released_numbers_and_no_small_cell(case: Case) -> None:
    """North has 12 buyers, south 3: north is released, south is not even listed."""
    case.policy()
    case.push(sales(12, 3))
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    assert run["state"] == "SUCCESS", run
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 12}]
    assert K > 3
    verify_log(case.room, case.who("solstice-auditor"))


def test_the_same_question_replays_the_same_release_without_a_second_one(case: Case) -> None:
    """INVARIANT I14: same plan, same snapshots, same release, whatever the spelling."""
    case.policy()
    case.push(sales(12, 3))
    first = case.run({"sql": AD_HOC, "purpose": "warranty"})
    again = case.run({"sql": AD_HOC.replace("COUNT(sale_id)", "count( sale_id )"), "purpose": "warranty"})
    assert (again["state"], again["release_id"]) == ("SUCCESS", first["release_id"])
    assert len(case.client("solstice-analyst").get("/v1/releases").json()["items"]) == 1


def test_a_template_runs_once_every_owner_approved_and_stops_when_one_withdraws(case: Case) -> None:
    """Submitted by the asker, approved by the owner's steward, withdrawn at once."""
    case.policy(mode="templates")
    case.push(sales(12, 3))
    asker, owner = case.client("solstice-analyst"), case.client("harbor-steward")
    made = asker.post("/v1/queries", json={"text": TEMPLATE})
    assert made.status_code == 201, made.text
    assert made.json()["waiting_for"] == ["harbor"]
    asked = {"template": "sales-by-region", "parameters": {"channel": "store"}}
    early = case.run(asked)
    assert (early["state"], early["problem"]["code"]) == ("REFUSED", "CR-A051")
    signature = case.signature("harbor", ApprovedText.TEMPLATE, made.json()["digest"])
    done = owner.post("/v1/queries/sales-by-region/1/approve", json={"signature": signature})
    assert (done.status_code, done.json()["status"], done.json()["waiting_for"]) == (200, "active", [])
    run = case.run(asked)
    assert run["state"] == "SUCCESS", run
    answer = asker.get(f"/v1/releases/{run['release_id']}").json()
    assert (answer["rows"], answer["columns"][1]["unit"]) == ([{"region": "north", "sold": 12}], "sales")
    assert owner.post("/v1/queries/sales-by-region/1/withdraw").status_code == 200
    late = case.run(asked)
    assert (late["state"], late["problem"]["code"]) == ("REFUSED", "CR-A051")


def test_an_ad_hoc_question_to_a_templates_only_dataset_is_refused_with_all_violations(case: Case) -> None:
    """A refused run carries what `check` says."""
    case.policy(mode="templates")
    case.push(sales(12, 3))
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    checked = case.client("solstice-analyst").post("/v1/queries/check", json={"sql": AD_HOC, "purpose": "warranty"})
    assert (run["state"], checked.json()["decision"]) == ("REFUSED", "refused")
    assert [v["code"] for v in run["problem"]["violations"]] == [v["code"] for v in checked.json()["violations"]]
    assert [v["code"] for v in checked.json()["violations"]] == ["CR-P101"]


def test_a_withdrawn_policy_makes_the_data_nobody_s_to_ask_about(case: Case) -> None:
    """From the next question on the dataset does not exist for the asker."""
    case.policy()
    case.push(sales(12, 3))
    case.client("harbor-steward").post("/v1/policies/harbor/sales/1/withdraw")
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    assert (run["state"], run["problem"]["code"]) == ("REFUSED", "CR-Q200")


def test_a_policy_whose_signature_does_not_hold_any_more_does_not_count(case: Case) -> None:
    """Signatures are verified at each run: after the member's keys changed, its steward signs again."""
    case.policy()
    case.push(sales(12, 3))
    with case.room.state.change(case.who("harbor-steward").actor, case.clock.now()) as tx:
        other = case.keys["quayside"].public
        tx.members.register_keys("harbor", signing_key=other.verify.to_text(), sealing_key=other.seal.to_text())
    assert case.run({"sql": AD_HOC, "purpose": "warranty"})["problem"]["code"] == "CR-Q200"


def test_a_question_nobody_has_data_for_says_so(case: Case) -> None:
    """A policy without an upload."""
    case.policy()
    assert case.run({"sql": AD_HOC, "purpose": "warranty"})["problem"]["code"] == "CR-A050"


def test_an_idempotency_key_gives_the_same_run_and_refuses_another_question(case: Case) -> None:
    """Twice the same is one run; another question under the key is a conflict."""
    client = case.client("solstice-analyst")
    asked = {"sql": AD_HOC, "purpose": "warranty"}
    runs = [client.post("/v1/runs", json=asked, headers={"Idempotency-Key": "k1"}).json()["run_id"] for _ in range(2)]
    assert runs[0] == runs[1]
    other = client.post("/v1/runs", json={**asked, "purpose": "service"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (409, "CR-A014")


def test_the_log_names_who_asked_what_of_whom_and_nothing_else(case: Case) -> None:
    """A steward reads which data a run read; no value and no text is in the log."""
    case.policy()
    case.push(sales(12, 3))
    case.run({"sql": AD_HOC, "purpose": "warranty"})
    entries = case.client("harbor-steward").get("/v1/log?limit=500").json()["items"]
    planned = [json.loads(e["facts"]) for e in entries if e["kind"] == "run.planned"]
    assert [fact["reads"].split("@")[0] for fact in planned] == ["harbor/sales"]
    assert "north" not in json.dumps(entries)
    assert "SELECT" not in json.dumps(entries)
