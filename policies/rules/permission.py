"""What every owner of a source grants: the words of help, and which uses rest on a column's own values."""

from cleanroom.shape import PerUnitFn
from policies.case import CaseSource
from policies.model import Permission
from policies.uses import Target

_OF_VALUES = (PerUnitFn.MIN, PerUnitFn.MAX)


def rests_on_value(target: Target) -> bool:
    """Whether the reference shows a value of its column: itself, or the least or greatest within a unit."""
    return target.output is None or target.output.fn in _OF_VALUES


def usable(source: CaseSource, permission: Permission) -> str:
    """Which columns of ``source`` every owner grants for ``permission``, in words."""
    names = [
        f"`{name}`"
        for name in source.policies[0].columns
        if all(name in p.columns and permission in p.columns[name].allow for p in source.policies)
    ]
    if not names:
        return f"no column of `{source.dataset}` is granted as {permission} by every owner"
    return f"granted as {permission} in `{source.dataset}`: {', '.join(names)}"
