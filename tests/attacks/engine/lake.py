"""A small published vault with a planted value, and a locked session on it."""

from pathlib import Path

from cleanroom.contracts import shipped_contracts
from cleanroom.crypto.keys import DataKey
from cleanroom.names import DatasetName, MemberName
from cleanroom.vault.lake import LakePlace, PublishedLake
from cleanroom.vault.physical import physical_expressions
from cleanroom.vault.session import LAKE
from cleanroom.vault.tables import create_statements
from cleanroom.vault.vault import Vault

CANARY = "canary-7f3a"
HARBOR = MemberName("harbor")
KEY = DataKey.generate(lambda size: bytes(range(size)))


def published_sales(root: Path, rows: int = 40) -> PublishedLake:
    """Harbor's sales: ``rows`` of them, every one by another buyer, each with the canary as its region."""
    contract = shipped_contracts()[DatasetName("sales")]
    vault = Vault(place=LakePlace(member=HARBOR, root=root), key=KEY)
    present = frozenset({"sale_id", "region", "sale_date", "unit_token", "buyer_token"})
    values = (
        f"SELECT 's' || i AS sale_id, '{CANARY}' AS region, DATE '2026-01-01' AS sale_date, "
        f"CAST(md5('u' || i) AS UUID) AS unit_token, CAST(md5('b' || i) AS UUID) AS buyer_token FROM range({rows}) t(i)"
    )
    with vault.writer(wait=True) as writer:
        for statement in create_statements(contract, lake=LAKE):
            writer.connection.execute(statement)
        expressions = ", ".join(physical_expressions(contract, present))
        writer.connection.execute(f"INSERT INTO {LAKE}.sales SELECT {expressions} FROM ({values})")
    return vault.published()
