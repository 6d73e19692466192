"""Alembic's entry: always on the connection that ``migrate.bring_up`` hands over, inside its transaction."""

from alembic import context

from cleanroom.state.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
