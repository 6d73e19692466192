"""Allowed case -> ``Obligations``: what the engine and the releaser must keep to."""

from collections.abc import Mapping
from decimal import Decimal

from cleanroom.names import ColumnName
from cleanroom.plan import Mechanism, Obligations, SourceObligations
from cleanroom.shape import Fn, PerUnitFn
from policies.case import Case, CaseSource
from policies.merge import meet_all, multiple, stricter
from policies.visible import CONTRIBUTOR

_CLAMPED = {Fn.SUM, Fn.AVG, PerUnitFn.SUM}


def obligations_of(case: Case) -> Obligations:
    """The most restrictive value of every owner (INVARIANT I10); call it only for a case no rule refuses."""
    terms = [meet_all(source.policies, floor=_floor(source, case.question.floor)) for source in case.sources]
    mechanism, base = Mechanism.SUPPRESS, None
    receivers = terms[0].receivers
    for term in terms:
        mechanism, base = stricter(mechanism, term.mechanism), multiple(base, term.base)
        receivers &= term.receivers
    if any(use.target.column == CONTRIBUTOR for use in case.uses.columns):
        # "us" against others: what is said about the asker's own rows is for the asker alone
        receivers &= {case.question.querier}
    return Obligations(
        sources=tuple(
            SourceObligations(
                dataset=source.dataset,
                members=tuple(sorted(term.members)),
                privacy_unit=min(term.privacy_units),
                minimum_units=term.minimum_units,
                contributors=term.contributors,
                clamps=clamps_of(case, source.index),
                zeros=term.zeros,
                policies=tuple(sorted(term.policies)),
            )
            for source, term in zip(case.sources, terms, strict=True)
        ),
        receivers=tuple(sorted(receivers)),
        mechanism=mechanism,
        rounding_base=base,
    )


def clamps_of(case: Case, source: int) -> Mapping[ColumnName, tuple[Decimal, Decimal]]:
    """Inclusive bounds per summed or averaged column of ``source``, the intersection of its owners' ``between``.

    In a per-unit table a name outside means an output: the output is held to the bounds of the column it is made of,
    which are thus bounds of what one unit contributes.
    """
    terms = meet_all(case.sources[source].policies)
    clamps: dict[ColumnName, tuple[Decimal, Decimal]] = {}
    for use in case.uses.measures:
        if use.source != source or use.fn not in _CLAMPED or use.target is None or use.target.column is None:
            continue
        grant = terms.columns.get(use.target.column)
        if grant is not None and grant.between is not None:
            clamps[use.target.ref.column] = grant.between
    return dict(sorted(clamps.items()))


def _floor(source: CaseSource, floor: int) -> int:
    """The room's floor protects people; a dataset about no one (products) has none."""
    return floor if source.contract.privacy_unit is not None else 1
