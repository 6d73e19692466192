"""A retailer's sales joined with a maker's registrations, asked through the room, beside the same over clear data."""

import json
import random
import secrets
import time
from dataclasses import dataclass

import duckdb

from api.cli.approve import approve_policy
from api.principal import local_operator
from api.usecases.members import add_member, register_keys
from api.usecases.people import add_user, issue_key, principal_of_user
from cleanroom.client.profile import Profile, save_profile
from cleanroom.client.remote import RoomClient
from cleanroom.crypto import MemberKeys
from cleanroom.names import MemberName
from cleanroom.state import MemberKind, UserRole
from tests.flows.feed import Feed

K = 25
SQL = """SELECT s.region, date_trunc('month', s.sale_date) AS sale_month, COUNT(DISTINCT s.sale_id) AS lines,
COUNT(DISTINCT s.buyer_token) AS buyers
FROM sales s JOIN registrations r ON s.buyer_token = r.owner_token GROUP BY s.region, sale_month"""
_REGISTRATIONS = """
contract: registrations
source: {format: csv, delimiter: ","}
columns: {registration_id: id, registered_date: day, owner_email: owner}
constants: {brand: solstice}
"""
_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: %s
dataset: %s
version: 1
privacy_unit: %s
minimum_units: 25
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {required: true, columns: [%s], with: [%s]}
columns: %s
release: {mechanism: suppress}
zeros: release
expires: 2099-12-31
"""
_OF_SALES = """
  region: {allow: [dimension, filter]}
  sale_date: {allow: [dimension, filter], grain: month}
  sale_id: {allow: [count, count_distinct]}
  buyer_token: {allow: [count_distinct]}"""
_OF_REGISTRATIONS = """
  registration_id: {allow: [count, count_distinct]}
  owner_token: {allow: [count_distinct]}"""

Cells = dict[tuple[str, str], dict[str, object]]


@dataclass(frozen=True)
class Compared:
    """``released``: what the maker got, by region and month. ``clear``: lines, buyers of every cell there is."""

    released: Cells
    clear: dict[tuple[str, str], tuple[int, int]]

    def holds(self) -> None:
        """Released numbers are exact and rest on at least k people; what is withheld has fewer than k."""
        assert self.released
        assert set(self.released) <= set(self.clear)
        for cell, (lines, buyers) in self.clear.items():
            got = self.released.get(cell, {"lines": None, "buyers": None})
            if buyers >= K:
                assert got == {"lines": lines, "buyers": buyers}, cell
            else:
                assert not isinstance(got["lines"], int), cell
                assert not isinstance(got["buyers"], int), cell


def shared_answer(shop: Feed, glob: str, skipped: str, *, share: float) -> Compared:
    """Register a seeded sample of the customers of the files, ask the room, and compute the same in the clear.

    The files' sales are in harbor's vault already; ``glob`` reads them as UTF-8.
    """
    chance = random.Random(29)  # noqa: S311 - a sample that can be drawn again
    connection = duckdb.connect()
    connection.execute(
        f"CREATE TABLE line AS SELECT Country AS region, InvoiceDate[:7] AS month, nullif(regexp_replace(CustomerID, "
        f"'\\.0$', ''), '') AS customer FROM read_csv('{glob}', all_varchar = true) WHERE StockCode NOT IN {skipped}"
    )
    known = [c for (c,) in connection.execute("SELECT DISTINCT customer FROM line WHERE customer IS NOT NULL ORDER BY 1").fetchall()]  # fmt: skip
    sample = [customer for customer in known if chance.random() < share]
    _register(shop, sample)
    released = _asked(shop)
    connection.execute("CREATE TABLE registered AS SELECT unnest($1) AS customer", [sample])
    rows = connection.execute(
        "SELECT region, month, count(*), count(DISTINCT customer) FROM line SEMI JOIN registered USING (customer) GROUP BY ALL"
    ).fetchall()
    return Compared(released, {(region, month): (lines, buyers) for region, month, lines, buyers in rows})


def _register(shop: Feed, sample: list[str]) -> None:
    """The maker joins the room and pushes its registrations; both stewards approve their policies."""
    operator, folder = local_operator(), shop.folder / "maker"
    folder.mkdir()
    add_member(shop.room, operator, "solstice", MemberKind.MANUFACTURER)
    roles = [UserRole.UPLOADER, UserRole.STEWARD, UserRole.ANALYST]
    add_user(shop.room, operator, "noor", member="solstice", roles=roles)
    keys = MemberKeys.generate(secrets.token_bytes)
    register_keys(shop.room, principal_of_user(shop.room, "noor"), keys.public.to_text())
    keys.save(folder / "solstice.key")
    stored = Profile(
        url=shop.url,
        member=MemberName("solstice"),
        api_key=issue_key(shop.room, operator, "noor").clear,
        member_keys=folder / "solstice.key",
        collaboration_key=shop.folder / "shared.key",
    )
    save_profile(stored, folder / "profile.json")
    lines = [f"R{n},2011-02-01, {customer}@CUSTOMERS.example" for n, customer in enumerate(sample)]
    (folder / "registrations.csv").write_text("\n".join(["id,day,owner", *lines]) + "\n")
    (folder / "registrations.yaml").write_text(_REGISTRATIONS)
    maker = Feed(folder, shop.room, shop.url)
    receipt = maker.push(folder / "registrations.csv", folder / "registrations.yaml", dataset="registrations")
    assert receipt["counts"]["inserted"] == len(sample)  # type: ignore[index]
    of_sales = ("harbor", "sales", "buyer_token", "buyer_token", "registrations", _OF_SALES)
    of_registrations = ("solstice", "registrations", "owner_token", "owner_token", "sales", _OF_REGISTRATIONS)
    for key, member_keys, values in (
        (issue_key(shop.room, operator, "mia").clear, shop.folder / "harbor.key", of_sales),
        (stored.api_key, folder / "solstice.key", of_registrations),
    ):
        with RoomClient(shop.url, key) as client:
            made = client.post("/policies", {"text": _POLICY % values})
            approve_policy(client, MemberKeys.load(member_keys), str(made["policy_id"]))


def _asked(shop: Feed) -> Cells:
    key = issue_key(shop.room, local_operator(), "noor").clear
    with RoomClient(shop.url, key) as client:
        run = client.post("/runs", {"sql": SQL, "purpose": "warranty"}, Idempotency_Key=secrets.token_hex(8))
        for _ in range(600):
            run = client.get(f"/runs/{run['run_id']}")
            if run["finished_at"] is not None:
                break
            time.sleep(0.05)
        assert run["state"] == "SUCCESS", json.dumps(run)
        rows = client.get(f"/releases/{run['release_id']}")["rows"]
    return {
        (row["region"], str(row["sale_month"])[:7]): {"lines": row["lines"], "buyers": row["buyers"]} for row in rows
    }
