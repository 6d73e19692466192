"""Two rooms that differ in who one of harbor's buyers is, and a maker that tries to tell them apart by its own lists.

Everything an answer says is compared: state, rows, marks, rows not listed, problem. The person is one of fewer than
the minimum in every question, so the two rooms must say the same, whatever is asked (INVARIANT I13).
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.usecases.policies import approve_policy, submit_policy
from api.usecases.questions import Ask
from api.usecases.runs import get_release, get_run, submit_run
from api.worker import work_off
from cleanroom.approvals import ApprovedText
from cleanroom.contracts import Contract, shipped_contracts
from cleanroom.names import DatasetName
from cleanroom.released import ReleasedTable
from cleanroom.state import RunState
from tests.api.api_case import SALES, Case, open_upload, packaged, patch, sale, token

REGISTRATIONS = shipped_contracts()[DatasetName("registrations")]
CLAIMS = shipped_contracts()[DatasetName("claims")]
TARGET = 3
"""The number of the buyer whom harbor knows in one of the rooms and not in the other."""
LIST = 12
"""Rows of each of the maker's lists: more than any minimum here."""

_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: {member}
dataset: {dataset}
version: 1
privacy_unit: {unit}
minimum_units: 10
queriers: [solstice]
receivers: [solstice]
purposes: [service]
mode: ad_hoc
joins: {{required: false, columns: [unit_token, {unit}], with: [sales, registrations, claims]}}
columns:
  {unit}: {{allow: [count_distinct]}}
  unit_token: {{allow: [count_distinct]}}
  region: {{allow: [dimension, filter]}}
  model: {{allow: [dimension, filter]}}
{columns}
release: {{mechanism: suppress}}
zeros: {zeros}
expires: 2030-12-31
"""
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sales": {
        "sale_id": "{allow: [count, count_distinct]}",
        "sale_date": "{allow: [dimension, filter], grain: month}",
        "quantity": "{allow: [sum, avg], between: [0, 100]}",
    },
    "registrations": {
        "registration_id": "{allow: [count, count_distinct]}",
        "registered_date": "{allow: [dimension, filter], grain: month}",
    },
    "claims": {
        "claim_id": "{allow: [count, count_distinct]}",
        "total_cost": "{allow: [sum, avg], between: [0, 100]}",
    },
}
_UNITS = {"sales": "buyer_token", "registrations": "owner_token", "claims": "owner_token"}
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that one question told."""

    state: RunState
    problem: object
    rows: object
    withheld: object
    dropped: object
    rows_dropped: int
    earlier: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """Closed rooms: in ``known`` harbor sold to the target, in ``strange`` to somebody else in its place."""

    known: Case
    strange: Case

    @classmethod
    def made(cls, base: Case, folder: Path, *, own_zeros: str) -> "Worlds":
        """Both rooms from one with members and people."""
        found = []
        for name, buyer in (("known", TARGET), ("strange", 999_999)):
            case = base.copied(_new(folder / name))
            _fill(case, buyer, own_zeros)
            case.room.close()
            found.append(case)
        return cls(known=found[0], strange=found[1])

    def told(self, folder: Path, questions: Sequence[str]) -> tuple[list[Told], list[Told]]:
        """What each room says to ``questions``, asked one after the other in a fresh copy of it."""
        known, strange = (
            list(_answers(case, folder / str(n), questions)) for n, case in enumerate((self.known, self.strange))
        )
        return known, strange


def asked(case: Case, question: str, purpose: str = "service") -> tuple[RunState, ReleasedTable | None, object]:
    """A question of the maker's analyst, answered: how it ended, the answer or the problem."""
    who = case.who("solstice-analyst")
    run = submit_run(case.room, who, Ask(sql=question, purpose=purpose))
    work_off(case.room)
    run = get_run(case.room, who, run.run_id)
    table = None if run.release_id is None else get_release(case.room, who, run.release_id).table
    return run.state, table, run.problem


def allow(case: Case, member: str, dataset: str, *, zeros: str, more: Mapping[str, str] | None = None) -> None:
    """Put ``member``'s policy for ``dataset`` in force."""
    columns = "\n".join(f"  {name}: {use}" for name, use in {**_COLUMNS[dataset], **(more or {})}.items())
    text = _POLICY.format(member=member, dataset=dataset, unit=_UNITS[dataset], columns=columns, zeros=zeros)
    steward = case.who(f"{member}-steward")
    made = submit_policy(case.room, steward, text)
    approve_policy(case.room, steward, made.policy_id, case.signature(member, ApprovedText.POLICY, made.digest))


def upload(case: Case, member: str, contract: Contract, rows: Sequence[Row]) -> None:
    """Rows of ``member``, committed."""
    manifest, content = packaged(rows, case.keys[member], member=member, contract=contract)
    client = case.client(f"{member}-uploader")
    place = open_upload(client, manifest, len(content), mode="upsert")
    assert patch(client, place, 0, content).status_code == 204
    work_off(case.room)
    assert client.get(place).json()["state"] == "committed"


def registration(number: int, *, owner: int, unit: int, model: str, region: str = "x") -> Row:
    """A row of the maker's, with whatever tokens it likes."""
    return {
        "registration_id": f"R{number}",
        "registered_date": date(2026, 1, 5),
        "owner_token": token(owner),
        "unit_token": token(unit),
        "model": model,
        "region": region,
    }


def claim(number: int, *, owner: int, unit: int, model: str) -> Row:
    """A claim of the maker's."""
    return {
        "claim_id": f"C{number}",
        "claim_date": date(2026, 2, 5),
        "owner_token": token(owner),
        "unit_token": token(unit),
        "model": model,
        "region": "y",
        "total_cost": 10,
    }


def _fill(case: Case, buyer: int, own_zeros: str) -> None:
    allow(case, "harbor", "sales", zeros="suppress")
    allow(case, "solstice", "registrations", zeros=own_zeros)
    allow(case, "solstice", "claims", zeros=own_zeros)
    sold = [sale(n, model="m") for n in range(40)] + [sale(1000 + n, region="south", model="n") for n in range(30)]
    sold[TARGET] = {**sold[TARGET], "unit_token": token(buyer), "buyer_token": token(100_000 + buyer)}
    upload(case, "harbor", SALES, sold)
    upload(case, "solstice", REGISTRATIONS, list(_registrations()))
    claims = [claim(n, owner=500_000 + n, unit=TARGET, model="many-owners") for n in range(LIST)]
    upload(case, "solstice", CLAIMS, claims)


def _registrations() -> Iterator[Row]:
    person = 100_000 + TARGET
    for n in range(LIST):
        yield registration(n, owner=500_000 + n, unit=TARGET, model="many-owners", region="ab"[n % 2])
        yield registration(100 + n, owner=person if n == 0 else 600_000 + n, unit=610_000 + n, model="strangers")
        yield registration(200 + n, owner=person, unit=640_000 + n, model="many-units")


def _answers(case: Case, folder: Path, questions: Sequence[str]) -> Iterator[Told]:
    copy = case.copied(_new(folder))
    try:
        for question in questions:
            state, table, problem = asked(copy, question)
            yield Told(
                state=state,
                problem=problem,
                rows=table and table.rows,
                withheld=table and table.withheld,
                dropped=table and table.dropped,
                rows_dropped=0 if table is None else table.rows_dropped,
                earlier=table and table.earlier_rows,
            )
    finally:
        copy.room.close()
        shutil.rmtree(folder)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
