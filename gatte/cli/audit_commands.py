"""`flask audit`: whether the audit trail is as it was written."""

import click
from flask.cli import AppGroup

audit = AppGroup("audit", help="What people did, as a chain of entries.")


@audit.command("verify")
@click.option(
    "--noted",
    type=(int, str),
    metavar="NUMBER MAC",
    help="An entry's number and MAC as an earlier check or a log line told them (16 digits do): "
    "the entry must be there still. So it is found when the newest entries were taken out.",
)
def verify(noted: tuple[int, str] | None) -> None:
    """Check every entry; exit code 1 when one was changed, taken out or put in by hand."""
    from gatte.store import audit_chain

    report = audit_chain.verify()
    problems = list(report.problems)
    if noted is not None and not audit_chain.has_entry(*noted):
        problems.append(f"entry {noted[0]}: is not there as it was noted")
    for problem in problems:
        click.echo(problem)
    span = f"{report.first} to {report.last}" if report.entries else "none"
    click.echo(
        f"{report.entries} entries ({span}), {report.erased} of them emptied by an erasure,"
        f" {report.outside} outside the chain, {len(problems)} problems."
    )
    if report.entries:
        click.echo(f"Last entry, to be noted: {report.last} {report.mac}")
    raise SystemExit(1 if problems else 0)
