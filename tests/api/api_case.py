"""A room in small for the API's tests: three members, their people and keys, and packages made as a client would."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi.testclient import TestClient

from api.app import create_app
from api.limits import RateLimiter
from api.principal import Principal, local_operator
from api.room import Room
from api.surroundings import Surroundings
from api.usecases.members import add_member, register_keys
from api.usecases.people import add_user, issue_key, principal_of_user
from api.worker import work_off
from cleanroom.approvals import APPROVAL_DOMAIN, ApprovedText, approval_statement
from cleanroom.client.manifest import Manifest, RowsEntry, sign_manifest
from cleanroom.client.package import package_schema
from cleanroom.contracts import Contract, shipped_contracts
from cleanroom.crypto import MemberKeys
from cleanroom.names import DatasetName, Digest
from cleanroom.state import MemberKind, UserRole

MEMBERS = {"harbor": MemberKind.RETAILER, "quayside": MemberKind.RETAILER, "solstice": MemberKind.MANUFACTURER}
SALES = shipped_contracts()[DatasetName("sales")]
CLAIMS = shipped_contracts()[DatasetName("claims")]
K = 10
CANARY_SERIAL = "canary-serial-7781"

SALES_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: harbor
dataset: sales
version: {version}
privacy_unit: buyer_token
minimum_units: 10
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: {mode}
joins: {{required: false, columns: [unit_token], with: [claims]}}
columns:
  region: {{allow: [dimension, filter]}}
  channel: {{allow: [dimension, filter]}}
  sale_id: {{allow: [count, count_distinct]}}
  unit_token: {{allow: [count_distinct]}}
release: {{mechanism: suppress}}
zeros: release
expires: 2030-12-31
"""

TEMPLATE = """/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: sales-by-region
version: 1
title: Sales by region
purpose: warranty
parameters:
  channel: {type: text, description: One channel}
outputs:
  sold: {unit: sales, description: How many were sold}
--- */
SELECT s.region, COUNT(s.sale_id) AS sold FROM sales s WHERE s.channel = :channel GROUP BY s.region
"""

AD_HOC = "SELECT region, COUNT(sale_id) AS sold FROM sales GROUP BY region ORDER BY region"


def token(number: int) -> UUID:
    """A token as they are: 16 bytes of a hash."""
    return UUID(bytes=hashlib.sha256(str(number).encode()).digest()[:16])


def sale(number: int, **values: object) -> dict[str, object]:
    """A plausible row of sales: its own buyer and unit."""
    return {
        "sale_id": f"S{number}",
        "sale_date": date(2026, 1, 1 + number % 28),
        "region": "north",
        "channel": "store",
        "unit_token": token(number),
        "buyer_token": token(100_000 + number),
        "quantity": 1,
        **values,
    }


def sales(north: int, south: int) -> list[dict[str, object]]:
    """``north`` buyers in the north, ``south`` in the south."""
    return [sale(n) for n in range(north)] + [sale(1000 + n, region="south") for n in range(south)]


def packaged(
    rows: Sequence[Mapping[str, object]], keys: MemberKeys, *, member: str = "harbor", contract: Contract = SALES
) -> tuple[bytes, bytes]:
    """The manifest and the Parquet bytes of a package."""
    schema = package_schema(contract)
    arrays = [_array([row.get(f.name) for row in rows], f.type) for f in schema]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink)
    content = sink.getvalue().to_pybytes()
    manifest = Manifest(
        dataset=contract.dataset,
        contract_version=contract.version,
        member=member,
        created="2026-01-02T00:00:00+00:00",
        rows=RowsEntry(count=len(rows), bytes=len(content), sha256=hashlib.sha256(content).hexdigest()),
        rows_read=len(rows),
        rows_rejected=0,
        rows_skipped=0,
        period=None,
        profiles={},
        collaboration_key=None,
    )
    return sign_manifest(manifest, keys.signing).to_bytes(), content


def _array(values: list[object], kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.UuidType):
        plain = pa.array([v.bytes if isinstance(v, UUID) else None for v in values], pa.binary(16))
        return pa.ExtensionArray.from_storage(kind, plain)
    return pa.array(values, kind)


@dataclass
class Clock:
    """A clock that tests move."""

    at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """A microsecond later each time, so that ids and log entries have an order."""
        self.at += timedelta(microseconds=1000)
        return self.at


@dataclass
class Case:
    """A room with its people. ``keys`` are members' key pairs, ``tokens`` API keys by user."""

    folder: Path
    room: Room
    clock: Clock
    keys: dict[str, MemberKeys] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> "Case":
        """Members of three kinds; in each a person per role, named ``<member>-<role>``."""
        clock = Clock()
        room = Room.create(folder / "room", name="pier", surroundings=Surroundings(now=clock.now))
        case = cls(folder=folder, room=room, clock=clock)
        operator = local_operator()
        for member, kind in MEMBERS.items():
            add_member(room, operator, member, kind)
            case.keys[member] = MemberKeys.generate(secrets.token_bytes)
            for role in UserRole:
                name = f"{member}-{role}"
                add_user(room, operator, name, member=member, roles=[role])
                case.tokens[name] = issue_key(room, operator, name).clear
            register_keys(room, case.who(f"{member}-steward"), case.keys[member].public.to_text())
        return case

    def copied(self, folder: Path) -> "Case":
        """This closed room's files in ``folder``, opened: a fresh room without making it anew."""
        shutil.copytree(self.folder / "room", folder / "room")
        shutil.copy2(self.folder / "room.key", folder / "room.key")
        clock = Clock(at=self.clock.at)
        room = Room.open(folder / "room", surroundings=Surroundings(now=clock.now))
        return Case(folder=folder, room=room, clock=clock, keys=dict(self.keys), tokens=dict(self.tokens))

    def reopened(self) -> "Case":
        """The same room, closed and opened again."""
        self.room.close()
        self.room = Room.open(self.folder / "room", surroundings=Surroundings(now=self.clock.now))
        return self

    def who(self, user: str) -> Principal:
        """A person."""
        return principal_of_user(self.room, user)

    def client(self, user: str | None = None, *, limiter: RateLimiter | None = None) -> TestClient:
        """An HTTP client of an application without workers; a person's key goes with every request."""
        app = create_app(self.room, threads=0, limiter=limiter or RateLimiter(requests="100000/minute"))
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    def signature(self, member: str, text: ApprovedText, digest: str) -> str:
        """A member's approval."""
        statement = approval_statement(room=self.room.name, text=text, digest=Digest(digest))
        return self.keys[member].signing.sign(APPROVAL_DOMAIN, statement).to_text()

    def push(self, rows: Sequence[Mapping[str, object]], *, member: str = "harbor", **how: str) -> dict[str, object]:
        """Upload rows over HTTP in one piece, ingest them, and return the upload as its member sees it."""
        manifest, content = packaged(rows, self.keys[member], member=member)
        client = self.client(f"{member}-uploader")
        place = open_upload(client, manifest, len(content), **how)
        sent = patch(client, place, 0, content)
        assert sent.status_code == 204, sent.text
        work_off(self.room)
        return client.get(place).json()  # type: ignore[no-any-return]

    def policy(self, *, version: int = 1, mode: str = "ad_hoc") -> dict[str, object]:
        """Submit and approve harbor's policy over HTTP."""
        client = self.client("harbor-steward")
        made = client.post("/v1/policies", json={"text": SALES_POLICY.format(version=version, mode=mode)})
        assert made.status_code == 201, made.text
        signature = self.signature("harbor", ApprovedText.POLICY, made.json()["digest"])
        done = client.post(f"/v1/policies/harbor/sales/{version}/approve", json={"signature": signature})
        assert done.status_code == 200, done.text
        return done.json()  # type: ignore[no-any-return]

    def run(self, asked: Mapping[str, object], user: str = "solstice-analyst", **headers: str) -> dict[str, object]:
        """Submit a run over HTTP, work it off, and return how it ended."""
        client = self.client(user)
        made = client.post("/v1/runs", json=asked, headers=headers)
        assert made.status_code == 202, made.text
        work_off(self.room)
        return client.get(f"/v1/runs/{made.json()['run_id']}").json()  # type: ignore[no-any-return]


def open_upload(client: TestClient, manifest: bytes, size: int, **how: str) -> str:
    """Create an upload; its address."""
    made = client.post(
        "/v1/uploads",
        json={"manifest": json.loads(manifest), **how},
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(size)},
    )
    assert made.status_code == 201, made.text
    return made.headers["Location"]


def patch(client: TestClient, place: str, offset: int, content: bytes):  # type: ignore[no-untyped-def]
    """Send bytes at an offset."""
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return client.patch(place, content=content, headers=headers)
