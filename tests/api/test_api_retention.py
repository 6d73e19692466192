"""Retention by contract: old rows leave answers and disk without anybody asking."""

from importlib import resources

from api_case import AD_HOC, Case, sales

from api.usecases.retention import keep_retention
from cleanroom.contracts import load_contract

_SLA = "slaProperties:\n- {property: retention, value: %s, unit: d}\n"


def _shipped() -> str:
    return (resources.files("cleanroom.contracts") / "odcs" / "sales.odcs.yaml").read_text()


def test_a_contract_states_its_retention() -> None:
    """The standard's own property, in days or years; none keeps everything."""
    assert load_contract(_shipped().encode(), place="sales").retention_days is None
    assert load_contract((_shipped() + _SLA % 30).encode(), place="sales").retention_days == 30


def test_rows_past_their_time_leave_answers_and_disk(case: Case) -> None:
    """Sales of 1 to 25 January, kept for 316 days: on 21 November the first eight days are gone, and asking goes on."""
    case.policy()
    case.push(sales(25, 0))
    assert keep_retention(case.room) == {}
    newer = _shipped().replace("version: 1.0.0", "version: 1.1.0", 1) + _SLA % 316
    made = case.client("harbor-operator").post("/v1/contracts", json={"document": newer})
    assert made.status_code == 201, made.text
    assert keep_retention(case.room) == {("harbor", "sales"): 8}
    assert keep_retention(case.room) == {}
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 17}]
    snapshots = case.client("harbor-uploader").get("/v1/datasets/sales/snapshots").json()
    assert [s["counts"].get("removed") for s in snapshots] == [0, 8, None]
    data = case.room.folder / "vaults" / "harbor"
    assert len(list((data / "published").glob("*.ducklake"))) == 1
