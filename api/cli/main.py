"""The ``cleanroom`` command: its groups, and the one border where errors become exit codes.

Exit codes: 0 ok, 1 bug, 2 usage, 3 data refused, 4 policy refused, 5 not authorised, 6 temporary.
"""

import os
import sys
from collections.abc import Sequence

import typer

from api.cli import data, insight, key, log, member, normalize, policy, query, room, run, schedule, serve, tables, user
from api.cli.extras import missing_extra
from api.cli.output import fail, fail_unexpectedly, note, wants_json
from cleanroom.errors import CleanroomError

app = typer.Typer(
    name="cleanroom",
    help="A data clean room for makers of durable goods and the retailers that sell them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("normalize")(normalize.normalize)
app.command("serve")(serve.serve)
app.command("demo")(serve.demo)
app.command("login")(key.login)
run.commands.command("tables")(tables.tables)
for noun in (room, member, user, key, data, policy, query, run, insight, schedule, log):
    app.add_typer(noun.commands, name=noun.NAME)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given, prog_name="cleanroom", standalone_mode=False)
    except typer.TyperException as problem:
        note(f"{problem.format_message()}\n    see `cleanroom --help`, or --help after a command")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except CleanroomError as error:
        sys.exit(fail(error, as_json=wants_json(given)))
    except BrokenPipeError:
        # whoever read our output has had enough; Python would complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except ModuleNotFoundError as missing:
        extra = missing_extra(missing)
        wants = wants_json(given)
        sys.exit(fail_unexpectedly(missing, as_json=wants) if extra is None else fail(extra, as_json=wants))
    except Exception as error:  # noqa: BLE001  # the border: a foreign text could quote a cell (I15)
        sys.exit(fail_unexpectedly(error, as_json=wants_json(given)))
    sys.exit(code if isinstance(code, int) else 0)
