"""A decided question becomes a plan: the newest snapshot of everybody who takes part, pinned.

Comes in: a ``Compiled`` question. Goes out: a ``Plan``, what the log says of it, and how old its data is.
"""

from dataclasses import replace
from datetime import date

from api.principal import Principal
from api.room import Room
from api.usecases.own_list import own_list_held
from api.usecases.questions import Compiled
from cleanroom.errors import NotFound, PolicyRefused, UsageProblem
from cleanroom.names import DatasetName, MemberName
from cleanroom.plan import PinnedTable, Plan


def plan_question(room: Room, who: Principal, compiled: Compiled) -> Plan:
    """The plan of an allowed question.

    Raises:
        PolicyRefused: it is refused. UsageProblem: CR-A055 a template that was not submitted.
        NotFound: CR-A050 nobody has uploaded one of its datasets.
    """
    if compiled.is_draft:
        raise UsageProblem("CR-A055", "a template is run by its name", help="submit it and have it approved first")
    result = compiled.result
    if not result.allowed or result.shape is None or result.obligations is None:
        raise PolicyRefused(result.violations)
    tables, sources = [], []
    for source in result.obligations.sources:
        pinned = [table for member in source.members if (table := _newest(room, member, source.dataset))]
        if not pinned:
            raise NotFound(
                "CR-A050", f"nobody has uploaded `{source.dataset}` yet", help="ask again when data has arrived"
            )
        tables.append(tuple(pinned))
        sources.append(replace(source, members=tuple(table.member for table in pinned)))
    return Plan(
        shape=result.shape,
        obligations=replace(result.obligations, sources=tuple(sources)),
        tables=own_list_held(room, who, tables, sources),
        querier=who.member,
        purpose=compiled.purpose,
    )


def plan_facts(plan: Plan, compiled: Compiled) -> dict[str, int | str]:
    """What the log says of a plan: the template and whose data it reads; no text and no parameter."""
    reads = sorted({f"{table.member}/{table.dataset}@{table.snapshot}" for source in plan.tables for table in source})
    return {
        "template": compiled.template_id or "ad hoc",
        "purpose": compiled.purpose if compiled.template_id else "ad hoc",
        "reads": " ".join(reads),
    }


def data_date(room: Room, plan: Plan) -> date | None:
    """Up to which day every source is known: the oldest of their newest days."""
    with room.state.read() as tx:
        wanted = {(table.member, table.dataset, table.snapshot) for source in plan.tables for table in source}
        days = [s.data_date for s in tx.snapshots.all() if (s.member, s.dataset, s.snapshot) in wanted and s.data_date]
    return min(days, default=None)


def _newest(room: Room, member: MemberName, dataset: DatasetName) -> PinnedTable | None:
    with room.state.read() as tx:
        found = tx.snapshots.latest(member, dataset)
    return None if found is None else PinnedTable(member=member, dataset=found.dataset, snapshot=found.snapshot)
