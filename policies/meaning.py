"""Which columns of two record types mean the same, and so may be joined: the contract's word, not a policy's."""

from cleanroom.contracts.model import ColumnType, Contract
from cleanroom.names import ColumnName

Derivation = tuple[tuple[str | None, str | None, str | None], ...]


def derivation(contract: Contract, column: ColumnName) -> Derivation:
    """What a token column is made of: per identifier its kind, profile and scope. Equal means comparable."""
    by_name = contract.by_name
    parts = (by_name[name] for name in by_name[column].derived_from)
    return tuple((part.identifier_kind, part.normaliser, part.within) for part in parts)


def means_the_same(left: Contract, one: ColumnName, right: Contract, other: ColumnName) -> bool:
    """Tokens of one derivation, or columns of one type with one name or one normaliser profile.

    Tokens of different kinds or profiles are keyed differently and never match.
    """
    first, second = left.by_name[one], right.by_name[other]
    if first.type is not second.type:
        return False
    if first.type is ColumnType.TOKEN:
        return derivation(left, one) == derivation(right, other)
    return one == other or (first.normaliser is not None and first.normaliser == second.normaliser)
