"""Contracts a room adds to or puts over the shipped ones, as the documents they were given in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from cleanroom.names import DatasetName, Digest
from cleanroom.state.tables import contracts
from cleanroom.state.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRecord:
    """One ODCS document, immutable."""

    dataset: DatasetName
    version: str
    document: str
    digest: Digest
    added_at: datetime


class Contracts:
    """Rows of ``contracts``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, dataset: DatasetName, *, version: str, document: str, digest: Digest) -> None:
        """Keep a document. Raises Conflict CR-L004: this version exists."""
        self._tx.add(
            contracts,
            "contract.added",
            dataset=dataset,
            version=version,
            document=document,
            digest=digest,
            added_at=self._tx.now,
        )

    def all(self) -> tuple[ContractRecord, ...]:
        """All documents, oldest first: a later one of the same dataset counts."""
        return self._tx.many(ContractRecord, select(contracts).order_by(contracts.c.added_at, contracts.c.version))
