"""`flask replay` and `flask reprocess`: turns played again, and what failed taken again."""

from datetime import datetime
from uuid import UUID

import click

from gatte import services
from gatte.extensions import db


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
