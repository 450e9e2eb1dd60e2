"""``jishi``: the operators' command line. Reads AMQP_URI and MONGO_URI as the services do."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

from importlib import import_module
from importlib.util import find_spec

import click

from services.chassis import (
    cli_audit,
    cli_check,
    cli_dead_letters,
    cli_events,
    cli_migrate,
    cli_outbox,
    cli_verify,
)
from services.chassis.cli_frame import service_names


class _Installed(click.Group):
    """The commands below, and those of each service that has a ``cli`` module with a ``group``.

    A service's commands are imported only when they are called: the others start no slower for them.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        own = [name for name in service_names() if find_spec(f"services.{name}.cli")]
        return [*super().list_commands(ctx), *own]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in service_names() and find_spec(f"services.{cmd_name}.cli"):
            found = import_module(f"services.{cmd_name}.cli").group
        return found


@click.group(
    cls=_Installed, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="jishi")
def main() -> None:
    """See what waits, what was parked, what passes; and check an installation.

    AMQP_URI and MONGO_URI name the servers (DATABASE_PREFIX the databases). Every command takes --help
    and --json. Exit codes: 0 done, 1 something is wrong, 2 the command was not understood.
    """


main.add_command(cli_dead_letters.group)
main.add_command(cli_outbox.outbox)
main.add_command(cli_events.group, "events")
main.add_command(cli_migrate.migrate)
main.add_command(cli_check.check)
main.add_command(cli_audit.audit)
main.add_command(cli_verify.verify)

if __name__ == "__main__":
    main(prog_name="jishi")
