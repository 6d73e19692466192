"""The room's approved templates -> an insight's inputs: each is run (or replayed) and its release read back."""

from collections.abc import Mapping

from api.cli.remote_query import follow
from cleanroom.client.remote import RoomClient
from cleanroom.delivery.json_document import parse_json
from queries.insights.model import Inputs, Insight, Table


def inputs_from_room(client: RoomClient, insight: Insight, given: Mapping[str, str]) -> tuple[Inputs, dict[str, str]]:
    """Run every template of ``insight`` with the parameters it declares; tables, and facts for the report.

    Raises:
        PolicyRefused, NotFound, DataRefused, Unavailable: as the runs end.
    """
    views = {str(view["name"]): view for view in client.every("/queries")}
    tables: dict[str, Table] = {}
    facts: dict[str, str] = {}
    for template in insight.templates:
        declared = _declared(str(views[template]["text"])) if template in views else tuple(given)
        values = {name: value for name, value in given.items() if name in declared}
        run = follow(client, client.post("/runs", {"template": template, "parameters": values}))
        release = str(run["release_id"])
        table = parse_json(client.bytes_of(f"/releases/{release}", format="json"))
        tables[template] = Table.of(table)
        facts |= {f"{template}: run": str(run["run_id"]), f"{template}: release": release}
        facts |= {
            f"{template}: policies": ", ".join(table.policies),
            f"{template}: receivers": ", ".join(map(str, table.receivers)),
        }
    return tables, facts


def _declared(text: str) -> tuple[str, ...]:
    """The parameter names in a template's front matter."""
    import yaml

    front = text.split("---", 2)[1]
    return tuple((yaml.safe_load(front) or {}).get("parameters") or {})
