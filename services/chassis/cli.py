"""``jishi``: the operators' command line. Reads AMQP_URI and MONGO_URI as the services do."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
