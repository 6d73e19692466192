"""A room in small for the pages: two retailers' sales, a maker's claims and registrations, approved queries, answers.

Twelve units are the minimum everywhere; of one model only three units were claimed, so that number is withheld.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

from api_case import CLAIMS, Case, packaged, token

from api.credentials import new_secret
from api.principal import local_operator
from api.usecases.ingest import ingest_upload
from api.usecases.insights import ask_insight
from api.usecases.people import set_password
from api.usecases.policies import approve_policy, submit_policy
from api.usecases.templates import approve_template, submit_template
from api.usecases.uploads import advance, file_of, open_upload, receivable
from api.worker import work_off
from cleanroom.approvals import ApprovedText
from cleanroom.contracts import Contract, shipped_contracts
from cleanroom.names import DatasetName, UploadId, UserName

PASSWORD = "a long enough password"
REGISTRATIONS = shipped_contracts()[DatasetName("registrations")]
SALES = shipped_contracts()[DatasetName("sales")]
WITH_PASSWORD = ("solstice-analyst", "harbor-steward", "harbor-uploader")
PARAMETERS = {"from": "2025-01-01", "to": "2025-12-31"}
MODELS = ("DX-10", "SX-200")
RARE = range(5000, 5040)
"""Units of a third model, of which three are claimed."""
UNITS = 80
TEMPLATES = ("claims-by-model", "registrations-by-model", "maker-only-units", "claim-rate-by-region", "units-by-month")
INSIGHTS = ("missing-denominator",)

_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: {member}
dataset: {dataset}
version: 1
privacy_unit: {unit}
minimum_units: 12
queriers: [{queriers}]
receivers: [{queriers}]
purposes: [warranty, service]
mode: ad_hoc
joins: {{required: false, columns: [unit_token], with: [sales, claims, registrations]}}
columns:
{columns}
release: {{mechanism: suppress}}
zeros: release
expires: 2030-12-31
"""
_SHOWN = "{allow: [dimension, filter]}"
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sales": {
        "sale_id": "{allow: [count, count_distinct]}",
        "sale_date": "{allow: [dimension, filter], grain: month}",
        "region": _SHOWN,
        "model": _SHOWN,
        "channel": _SHOWN,
        "unit_token": "{allow: [count_distinct]}",
    },
    "claims": {
        "claim_id": "{allow: [count, count_distinct]}",
        "claim_date": "{allow: [dimension, filter], grain: month}",
        "model": _SHOWN,
        "unit_token": "{allow: [count_distinct]}",
    },
    "registrations": {
        "registration_id": "{allow: [count, count_distinct]}",
        "registered_date": "{allow: [dimension, filter], grain: month}",
        "model": _SHOWN,
        "region": _SHOWN,
        "unit_token": "{allow: [count_distinct]}",
    },
}
_UNIT = {"sales": "buyer_token", "claims": "unit_token", "registrations": "unit_token"}


def session_of(case: Case, user: str) -> str:
    """A session's secret, as signing in would set it."""
    secret, now = new_secret(case.room.surroundings.random, prefix="crs_"), case.room.surroundings.now()
    with case.room.state.change(case.who(user).actor, now) as tx:
        tx.sessions.open(sha256=secret.sha256, user=UserName(user), expires_at=now + timedelta(hours=1))
    return secret.clear


def policy_text(member: str, dataset: str, queriers: str) -> str:
    """A member's policy for one dataset."""
    columns = "\n".join(f"  {name}: {grant}" for name, grant in _COLUMNS[dataset].items())
    return _POLICY.format(member=member, dataset=dataset, unit=_UNIT[dataset], queriers=queriers, columns=columns)


def library(name: str) -> str:
    """The text of a template of the library."""
    return (resources.files("queries") / "library" / f"{name}.sql").read_text("utf-8")


def make(folder: Path) -> Case:
    """The room, with passwords and a few answers."""
    case = Case.make(folder)
    for user in WITH_PASSWORD:
        set_password(case.room, local_operator(), user, PASSWORD)
    _policies(case)
    _data(case)
    _templates(case)
    _answers(case)
    return case


def upload(case: Case, member: str, contract: Contract, rows: Sequence[Mapping[str, object]]) -> str:
    """A package through the use cases, ingested; its upload's id."""
    manifest, content = packaged(rows, case.keys[member], member=member, contract=contract)
    who = case.who(f"{member}-uploader")
    view = open_upload(case.room, who, manifest=manifest, size=len(content))
    record = receivable(case.room, who, view.upload_id)
    with file_of(case.room, record).appending(0) as writer:
        writer.write(content)
        writer.close()
    advance(case.room, who, record, len(content))
    ingest_upload(case.room, UploadId(view.upload_id))
    return view.upload_id


def sales_rows(start: int, count: int) -> list[dict[str, object]]:
    """Sales of units ``start`` onwards, each its own buyer, models in turn, over the year 2025."""
    first = date(2025, 1, 3)
    return [
        {
            "sale_id": f"S{n}",
            "sale_date": first + timedelta(days=n % 350),
            "region": "north",
            "channel": "store",
            "model": model_of(n),
            "unit_token": token(n),
            "buyer_token": token(100_000 + n),
            "quantity": 1,
        }
        for n in range(start, start + count)
    ]


def model_of(unit: int) -> str:
    """The model of a unit's number."""
    return "KX-7" if unit in RARE else MODELS[unit % 2]


def _policies(case: Case) -> None:
    # A retailer's sales are for the maker and itself; what the maker has, both retailers may ask about.
    wanted = [
        ("harbor", "sales", "solstice, harbor"),
        ("quayside", "sales", "solstice"),
        ("solstice", "claims", "solstice, harbor, quayside"),
        ("solstice", "registrations", "solstice, harbor, quayside"),
    ]
    for member, dataset, queriers in wanted:
        who = case.who(f"{member}-steward")
        view = submit_policy(case.room, who, policy_text(member, dataset, queriers))
        approve_policy(case.room, who, view.policy_id, case.signature(member, ApprovedText.POLICY, view.digest))


def _data(case: Case) -> None:
    upload(case, "harbor", SALES, sales_rows(0, UNITS))
    rare = sales_rows(RARE.start, len(RARE))
    upload(case, "quayside", SALES, [*sales_rows(1000, UNITS), *rare])
    sold = [*range(UNITS), *range(1000, 1000 + UNITS)]
    claimed = [*(n for n in sold if n % 5 < 2), *RARE[:3]]
    registered = [*(n for n in sold if n % 4 < 2), *RARE[:20]]
    claims = [
        {
            "claim_id": f"C{n}",
            "claim_date": date(2025, 12, 1),
            "model": model_of(n),
            "unit_token": token(n),
            "owner_token": token(100_000 + n),
            "outcome": "repair",
        }
        for n in claimed
    ]
    upload(case, "solstice", CLAIMS, claims)
    registrations = [
        {
            "registration_id": f"R{n}",
            "registered_date": date(2025, 12, 2),
            "model": model_of(n),
            "region": "north",
            "unit_token": token(n),
            "owner_token": token(100_000 + n),
            "channel": "web",
        }
        for n in registered
    ]
    upload(case, "solstice", REGISTRATIONS, registrations)


def _templates(case: Case) -> None:
    analyst = case.who("solstice-analyst")
    for name in TEMPLATES:
        view = submit_template(case.room, analyst, library(name))
        if name == "units-by-month":
            continue  # waits for its owners
        for owner in view.waiting_for:
            signature = case.signature(owner, ApprovedText.TEMPLATE, view.digest)
            approve_template(case.room, case.who(f"{owner}-steward"), view.template_id, signature)


def _answers(case: Case) -> None:
    analyst = case.who("solstice-analyst")
    for name in INSIGHTS:
        ask_insight(case.room, analyst, name, PARAMETERS)
    work_off(case.room)
