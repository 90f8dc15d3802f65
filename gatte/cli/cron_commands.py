"""`flask cron`: the jobs that the clock starts."""

import click
from flask.cli import AppGroup

cron = AppGroup("cron", help="The jobs that the clock starts.")


@cron.command("list")
def list_jobs() -> None:
    """Show each job with its last run, its result and its next run, in UTC."""
    from gatte.jobs import cron as schedule
    from gatte.store import scheduled_jobs

    schedule.sync()
    for row in scheduled_jobs.list_all():
        outcome = {None: "never ran", True: "succeeded", False: "failed"}[row.succeeded]
        ended = f" {row.finished_at:%Y-%m-%d %H:%M}" if row.finished_at else ""
        told = row.error or row.result or ""
        click.echo(
            f"{row.name:<22} {row.cron:<13} next {row.next_run_at:%Y-%m-%d %H:%M}"
            f"  {outcome}{ended} {told}".rstrip()
        )


@cron.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Run a job now, whenever it is due."""
    from gatte.jobs import cron as schedule

    schedule.sync()
    try:
        ran = schedule.run(name, only_if_due=False)
    except schedule.NoSuchScheduledJob as error:
        raise click.ClickException(str(error)) from None
    if not ran:
        raise click.ClickException("it runs at this moment, in another process: try again later")
    click.echo(f"{name} has run: see `flask cron list`.")
