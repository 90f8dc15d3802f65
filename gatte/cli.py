"""The flask commands: thin doors to what the rooms do."""

import os
import signal
import sys
from datetime import datetime
from uuid import UUID

import click
from flask import Flask, current_app

from gatte import services
from gatte.cli_audit import audit
from gatte.cli_contacts import contacts, erasures
from gatte.cli_cron import cron
from gatte.cli_facts import facts
from gatte.cli_keys import keys
from gatte.cli_tokens import tokens
from gatte.cli_users import users
from gatte.cli_webhooks import webhooks
from gatte.extensions import db
from gatte.infra import schema


def register(app: Flask) -> None:
    """Add the commands to an application."""
    for command in (
        migrate,
        worker,
        scheduler,
        users,
        tokens,
        webhooks,
        audit,
        keys,
        contacts,
        erasures,
        cron,
        demo,
        facts,
        knowledge,
        replay,
        reprocess,
    ):
        app.cli.add_command(command)


@click.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs; a new one takes the company's name,
    hours and holidays from the settings.
    """
    from gatte.desk import fact_files

    status = schema.run_command(services.settings().database_url.get_secret_value())
    if status == 0:
        fact_files.seed_from_settings()
        db.session.commit()
    raise SystemExit(status)


def _require_fit_database() -> None:
    """End the process with exit code 78 over a schema, master keys or an erasure ledger that do not
    fit.
    """
    from gatte.data_rights import ledger_check
    from gatte.store import master_keys

    schema.require_current_schema(services.settings().database_url.get_secret_value())
    master_keys.require_opening_keys(services.settings())
    ledger_check.require_applied_ledger(services.settings())


@click.command()
@click.option("--processes", type=int, help="Processes to run; each has its own threads.")
@click.option("--threads", type=int, help="Jobs at once in a process.")
def worker(processes: int | None, threads: int | None) -> None:
    """Run the jobs: turns, delivery, maintenance."""
    from gatte.jobs.worker import runner as working
    from gatte.jobs.worker.processes import run_processes

    services.local_models().require()
    _require_fit_database()
    count = processes or services.settings().worker_processes
    if count > 1:
        command = [sys.executable, "-m", "flask", "worker", "--processes", "1"]
        if threads:
            command += ["--threads", str(threads)]
        raise SystemExit(run_processes(command, count))
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    working.run(app, threads or services.settings().gatte_worker_concurrency)


@click.command()
def scheduler() -> None:
    """Run the dispatcher, which finds what is due; a second one waits for the first to die."""
    from gatte.jobs.dispatcher import Dispatcher

    _require_fit_database()
    dispatcher = Dispatcher()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: dispatcher.stop())
    dispatcher.run()


@click.group()
def knowledge() -> None:
    """The knowledge base."""


@knowledge.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
def import_knowledge(path: str) -> None:
    """Add or change the articles of a TOML file; each is found by its slug."""
    from pathlib import Path

    from gatte.intelligence.knowledge import articles as base

    try:
        done = base.import_articles(db.session(), base.read_articles(Path(path)))
    except base.BadArticles as error:
        raise click.ClickException("\n".join(error.problems)) from None
    db.session.commit()
    click.echo(f"{done.created} created, {done.changed} changed, {done.unchanged} as before.")


@click.group()
def demo() -> None:
    """Content to try GATTE with."""


@demo.command("load")
def load_demo() -> None:
    """Load the demo articles and facts, and the user of GATTE_DEMO_USER and GATTE_DEMO_PASSWORD;
    safe to repeat.
    """
    from gatte.desk import fact_files, users
    from gatte.intelligence.knowledge import articles as base
    from gatte.models import Role

    base.import_articles(db.session(), base.read_articles())
    fact_files.seed_from_settings()
    fact_files.seed_demo()
    email = os.environ.get("GATTE_DEMO_USER")
    password = os.environ.get("GATTE_DEMO_PASSWORD")
    if email and password and users.find_user(email) is None:
        users.create_user(
            email, "Ana Demonstração", password, Role.ADMIN, must_change_password=True
        )
    db.session.commit()
    click.echo("Demo content is loaded.")


@click.command()
@click.argument("conversation", type=click.UUID)
def replay(conversation: UUID) -> None:
    """Play a past conversation again through today's rules; exit code 1 when anything comes out
    differently.
    """
    from gatte.turns.replay import replay_conversation

    done = replay_conversation(conversation)
    for difference in done.differences:
        click.echo(f"turn {difference.turn_id}, {difference.part}:")
        click.echo(f"  then {difference.recorded}")
        click.echo(f"  now  {difference.replayed}")
    click.echo(
        f"{done.turns} turns played again, {len(done.differences)} differences,"
        f" {done.redacted} without content."
    )
    raise SystemExit(1 if done.differences else 0)


@click.command()
@click.option(
    "--turns",
    is_flag=True,
    help="Only turns that failed or became dead letters, and messages that could not be processed.",
)
@click.option("--sends", is_flag=True, help="Only answers that failed or became dead letters.")
@click.option("--bodies", is_flag=True, help="Only webhook bodies that were kept whole.")
@click.option("--conversation", type=click.UUID, help="Only this conversation.")
@click.option(
    "--since",
    type=click.DateTime(),
    help="Only what failed since then, in the company's time zone.",
)
@click.option(
    "--list", "only_list", is_flag=True, help="Show what would be taken again, and change nothing."
)
def reprocess(
    *,
    turns: bool,
    sends: bool,
    bodies: bool,
    conversation: UUID | None,
    since: datetime | None,
    only_list: bool,
) -> None:
    """Take again what failed: webhook bodies, messages, turns, answers. Safe to repeat."""
    after = since.replace(tzinfo=services.settings().time_zone) if since else None
    everything = not (turns or sends or bodies)
    if (bodies or everything) and conversation is None:
        _reprocess_bodies(after, only_list=only_list)
    if turns or everything:
        _reprocess_turns(conversation, after, only_list=only_list)
    if sends or everything:
        _reprocess_sends(conversation, after, only_list=only_list)


def _reprocess_bodies(after: datetime | None, *, only_list: bool) -> None:
    from gatte.intake import reprocess as kept_bodies

    waiting = kept_bodies.list_bodies(after)
    while waiting:
        for body in waiting:
            click.echo(str(body) if only_list else f"{body}: {kept_bodies.requeue(body)}")
            db.session.commit()
        waiting = [] if only_list else kept_bodies.list_bodies(after, after=waiting[-1].id)


def _reprocess_turns(conversation: UUID | None, after: datetime | None, *, only_list: bool) -> None:
    from gatte.store import inbox
    from gatte.store import turns as failed_turns
    from gatte.turns import reprocess as stuck_turns

    for one in failed_turns.list_failed_conversations(conversation, after):
        outcome = "" if only_list else f": {stuck_turns.requeue(one, after)}"
        click.echo(f"turn of conversation {one}{outcome}")
        db.session.commit()
    if conversation is not None:
        return
    if only_list:
        for message in inbox.list_dead_letters(after):
            since = f"{message.dead_lettered_at:%Y-%m-%d %H:%M} UTC"
            click.echo(
                f"message {message.id} to number {message.phone_number_id}"
                f" (dead letter since {since}, {message.attempts} tries)"
            )
    elif count := inbox.requeue_dead_letters(after):
        click.echo(f"{count} messages that could not be processed are tried again")
    db.session.commit()


def _reprocess_sends(conversation: UUID | None, after: datetime | None, *, only_list: bool) -> None:
    from gatte.delivery import reprocess as stuck_sends

    for one in stuck_sends.list_failed(conversation, after):
        if only_list:
            click.echo(f"answers of conversation {one}")
            continue
        for answer in stuck_sends.resend(one, after):
            click.echo(f"answer {answer.outbox_id} of conversation {one}: {answer.verdict}")
        db.session.commit()
