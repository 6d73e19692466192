"""``joins.required: true``: never asked without another member's data."""

from collections.abc import Iterator

from cleanroom.errors import Violation
from cleanroom.names import ColumnName, DatasetName, MemberName
from policies.case import Case, CaseSource
from policies.model import DataPolicy, Mode
from policies.rules.rule import Rule
from policies.visible import admitted


def _check(case: Case) -> Iterator[Violation]:
    for source, policy in case.owners():
        if policy.joins.required and not _meets_others(case, source.index, policy.member):
            partners = [name for name in policy.joins.with_ if _may_join(name, source, policy, case)]
            yield JOIN_REQUIRED.refusal(
                owner=policy.member,
                message=f"`{source.dataset}` may only be asked together with another member's data",
                help=f"join one of {case.named(partners or policy.joins.with_, 'its partners')} "
                f"on {case.columns_named(source, policy.joins.columns, 'a granted join column')}; "
                f"a LEFT JOIN keeps every row of `{source.dataset}` and repeats it per match, so count distinct tokens",
                span=source.source.span,
                rewrite=_joined(source, policy, partners, case),
            )


def _meets_others(case: Case, index: int, member: MemberName) -> bool:
    """The grammar connects every source, and ``join_columns`` holds each tie to a granted column."""
    return any(
        other.index != index and any(policy.member != member for policy in other.policies) for other in case.sources
    )


def _may_join(name: DatasetName, source: CaseSource, policy: DataPolicy, case: Case) -> bool:
    """Whether the asker may use ``name`` in this way, somebody else holds rows of it, and it names the source in turn."""
    held = admitted(name, case.held, case.question) if name != source.dataset else ()
    return any(other.member != policy.member for other in held) and all(
        source.dataset in other.joins.with_ and (other.mode is Mode.AD_HOC or case.question.mode is Mode.TEMPLATES)
        for other in held
    )


def _joined(source: CaseSource, policy: DataPolicy, partners: list[DatasetName], case: Case) -> str | None:
    """``sales LEFT JOIN claims ON ...`` for a question of one source, if its columns keep their meaning beside it."""
    alias, dataset = source.source.alias, source.dataset
    if len(case.sources) != 1 or not (alias.isascii() and alias.isidentifier()):
        return None
    used = {target.ref.column for target in case.uses.targets()}
    for name in partners:
        held = admitted(name, case.held, case.question)
        tokens = [
            column for column in policy.joins.columns if all(_grants(column, one) for one in (*source.policies, *held))
        ]
        # Without an alias the columns stand unqualified, as a rule: one of the same name would be two.
        clear = alias != dataset or not any(
            column in used for one in held for column in (*one.columns, *one.joins.columns)
        )
        if tokens and clear:
            written = dataset if alias == dataset else f"{dataset} {alias}"
            return f"{written} LEFT JOIN {name} ON {alias}.{tokens[-1]} = {name}.{tokens[-1]}"
    return None


def _grants(column: ColumnName, policy: DataPolicy) -> bool:
    return column in policy.joins.columns


JOIN_REQUIRED = Rule(name="join_required", code="CR-P103", check=_check)
