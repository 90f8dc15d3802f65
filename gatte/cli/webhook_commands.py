"""`flask webhooks`: other systems that are told of events."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import click
from flask.cli import AppGroup

from gatte import services
from gatte.extensions import db

webhooks = AppGroup("webhooks", help="Other systems that are told of events.")


@webhooks.command("create")
@click.argument("url")
@click.option(
    "--event", "events", multiple=True, help="An event, such as ticket.created; without one, all."
)
def create(url: str, events: tuple[str, ...]) -> None:
    """Tell an address of events from now on, and print the secret: it is shown this once only."""
    from gatte.desk import subscriptions
    from gatte.models import WebhookEventType

    unknown = set(events) - set(WebhookEventType)
    if unknown:
        raise click.ClickException(
            f"no such event: {', '.join(sorted(unknown))}. There are: {', '.join(WebhookEventType)}"
        )
    chosen = [WebhookEventType(event) for event in events] or list(WebhookEventType)
    with _told_plainly():
        row = subscriptions.subscribe(url, chosen, None)
    click.echo(row.secret)
    click.echo(f"Webhook {row.id} to {row.url}. Keep the secret now: it is not shown again.")


@webhooks.command("list")
def list_webhooks() -> None:
    """Show who is told of what."""
    from gatte.store import webhook_subscriptions as stored

    for row in stored.list_subscriptions():
        state = "active" if row.active else "inactive"
        click.echo(f"{row.id}  {state}  {row.url}")
        click.echo(f"    {' '.join(row.event_types)}")


@webhooks.command("replay")
@click.argument("webhook_id", type=click.UUID)
@click.option("--since", type=click.DateTime(), help="Only events since then, company's time.")
@click.option("--all", "delivered_too", is_flag=True, help="What was delivered too.")
def replay(webhook_id: UUID, since: datetime | None, *, delivered_too: bool) -> None:
    """Send once more what was given up, in its order."""
    from gatte.desk import subscriptions

    after = since.replace(tzinfo=services.settings().time_zone) if since else None
    with _told_plainly():
        count = subscriptions.replay(webhook_id, None, after, delivered_too=delivered_too)
    click.echo(f"{count} events are sent once more.")


@webhooks.command("disable")
@click.argument("webhook_id", type=click.UUID)
def disable(webhook_id: UUID) -> None:
    """Tell an address of nothing any more; what waits for it stays."""
    _set_active(webhook_id, active=False)


@webhooks.command("enable")
@click.argument("webhook_id", type=click.UUID)
def enable(webhook_id: UUID) -> None:
    """Tell an address of events again, first of what waits for it."""
    _set_active(webhook_id, active=True)


def _set_active(webhook_id: UUID, *, active: bool) -> None:
    from gatte.desk import subscriptions

    with _told_plainly():
        row = subscriptions.change(webhook_id, None, active=active)
    click.echo(f"{row.url} is {'active' if active else 'inactive'} from now on.")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Commit what was done; what cannot be done ends the command with one line and exit code 1."""
    from gatte.desk.subscriptions import BadWebhookUrl
    from gatte.store.webhook_subscriptions import NoSuchSubscription

    try:
        yield
        db.session.commit()
    except BadWebhookUrl as refusal:
        raise click.ClickException(f"the address {refusal}") from None
    except NoSuchSubscription:
        raise click.ClickException("no webhook has this id") from None
