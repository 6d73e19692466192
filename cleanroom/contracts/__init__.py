"""Record types: ODCS v3.1 documents (``odcs/``), the frozen types made from them (``model``), the arrow (``load``)."""

from cleanroom.contracts.load import load_contract, load_contracts, shipped_contracts
from cleanroom.contracts.model import Column, ColumnType, Contract, Role

__all__ = ["Column", "ColumnType", "Contract", "Role", "load_contract", "load_contracts", "shipped_contracts"]
