"""Bring a store up to this version's tables, with alembic, inside the caller's transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cleanroom.errors import UsageProblem

_SCRIPTS = Path(__file__).parent / "migrations"


def bring_up(connection: Connection) -> None:
    """Run the migrations the store lacks; none when it is current.

    Raises:
        UsageProblem: CR-L013, the store was written by a newer version.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    known = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in known.walk_revisions()}:
        raise UsageProblem(
            "CR-L013", "the room was written by a newer version", help="open it with that version, or a later one"
        )
    if current != known.get_current_head():
        command.upgrade(config, "head")
