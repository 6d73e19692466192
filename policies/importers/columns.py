"""Which grants a foreign rule's columns become here: held to the contract, never a token or unit as dimension."""

from collections.abc import Iterable

from cleanroom.contracts.model import Column, ColumnType, Role
from cleanroom.names import ColumnName
from cleanroom.shape import Grain
from policies.importers.imported import Draft, Target
from policies.model import ColumnGrant, Permission

_DATES = (ColumnType.DATE, ColumnType.TIMESTAMP)
_SHOWING = (Permission.DIMENSION, Permission.FILTER)


def known(draft: Draft, names: Iterable[str]) -> list[Column]:
    """The stored columns that ``names`` mean; others are noted."""
    stored = {column.name: column for column in draft.target.contract.stored}
    found = []
    for name in names:
        column = stored.get(renamed(draft.target, name))
        if column is None:
            draft.note(f"column `{shown(name)}` is not a stored column of `{draft.target.contract.dataset}`")
        else:
            found.append(column)
    return found


def renamed(target: Target, name: str) -> ColumnName:
    """The contract's name for a vendor's column."""
    return target.renamed.get(name, ColumnName(name))


def grant(draft: Draft, column: Column, *permissions: Permission) -> None:
    """Add ``permissions`` to a column as far as this policy language lets them stand."""
    allowed = set(permissions)
    is_matched = (
        column.type is ColumnType.TOKEN or column.name == draft.privacy_unit or column.name in draft.join_columns
    )
    if is_matched and allowed & set(_SHOWING):
        draft.note(f"`{column.name}` as dimension or filter: it is matched on or protected, so it is counted only")
        allowed -= set(_SHOWING)
    bounds = (column.minimum, column.maximum)
    between = (bounds[0], bounds[1]) if bounds[0] is not None and bounds[1] is not None else None
    if Permission.SUM in allowed and between is None:
        draft.note(f"SUM of `{column.name}`: a sum needs bounds here, add sum and `between: [smallest, largest]`")
        allowed.discard(Permission.SUM)
    grain = Grain.MONTH if column.type in _DATES and allowed & set(_SHOWING) else None
    if grain is not None:
        draft.note(f"single days of `{column.name}`: it is granted by month, change `grain` if days are meant")
    before = draft.columns.get(column.name)
    whole = frozenset(allowed) | (before.allow if before is not None else frozenset())
    if whole:
        is_summed = bool(whole & {Permission.SUM, Permission.AVG})
        draft.columns[column.name] = ColumnGrant(
            allow=whole,
            grain=grain or (before.grain if before is not None else None),
            between=between if is_summed else None,
        )


def grant_by_role(draft: Draft, *, shown_columns: Iterable[ColumnName], filtered: Iterable[ColumnName]) -> None:
    """What a rule that names no columns allows, by the contract's roles: for rules over whole tables."""
    visible, comparable = set(shown_columns), set(filtered)
    for column in draft.target.contract.stored:
        match column.role:
            case Role.TOKEN | Role.KEY:
                if column.name in visible:
                    grant(draft, column, Permission.COUNT, Permission.COUNT_DISTINCT)
            case Role.MEASURE:
                if column.name in visible:
                    grant(draft, column, Permission.AVG)
            case _:
                wanted = [Permission.DIMENSION] if column.name in visible else []
                wanted += [Permission.FILTER] if column.name in comparable else []
                if wanted:
                    grant(draft, column, *wanted)


def choose_unit(draft: Draft, name: str | None) -> None:
    """Set whom cells protect; a column that is no token protects no one, so the contract's unit stays."""
    if name is None:
        return
    stored = {column.name: column for column in draft.target.contract.stored}
    column = stored.get(renamed(draft.target, name))
    if column is not None and (column.type is ColumnType.TOKEN or draft.target.contract.privacy_unit is None):
        draft.privacy_unit = column.name
    else:
        draft.note(
            f"`{shown(name)}` as privacy unit: it is no stored token, `{draft.privacy_unit}` is protected instead"
        )


def choose_minimum(draft: Draft, asked: int) -> None:
    """Set how many units a number needs, at least the room's floor for people."""
    floor = draft.target.floor if draft.target.contract.privacy_unit is not None else 1
    if asked < floor:
        draft.note(f"a minimum of {asked}: the room's floor is {floor}")
    draft.minimum_units = max(asked, floor)


def started(target: Target) -> Draft:
    """An empty draft: the contract's unit, the room's floor, the queriers as receivers beside the owner."""
    unit = target.contract.privacy_unit or target.contract.natural_key[0]
    draft = Draft(
        target=target,
        privacy_unit=unit,
        minimum_units=target.floor if target.contract.privacy_unit is not None else 1,
        queriers=target.queriers,
        receivers=(*target.queriers, target.member),
    )
    if not target.partners:
        draft.note("which datasets it may be joined with: name them under `joins.with`")
    return draft


def shown(name: str) -> str:
    """A foreign name as it may stand in a comment of one line."""
    return "".join(c if c.isprintable() and c not in "`#" else "?" for c in name)[:60]
