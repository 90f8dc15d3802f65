"""`flask tokens`: what programs call the API with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
from flask.cli import AppGroup

from gatte import services
from gatte.extensions import db

tokens = AppGroup("tokens", help="Tokens with which programs call the API.")


@tokens.command("create")
@click.argument("name")
@click.option("--user", "email", required=True, help="E-mail of whom the program acts for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What it may do, such as tickets:read; may be given several times; `all` for everything.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="It ends after so many days.")
def create(name: str, email: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it: it is shown this once only."""
    from gatte.desk import api_tokens, users
    from gatte.models import Scope

    unknown = set(scopes) - {"all", *Scope}
    if unknown:
        raise click.ClickException(
            f"no such scope: {', '.join(sorted(unknown))}. There are: all, {', '.join(Scope)}"
        )
    chosen = list(Scope) if "all" in scopes else [Scope(scope) for scope in scopes]
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    try:
        user = users.get_user(email)
        issued = api_tokens.issue(name, chosen, user, expires_at=expires_at)
    except (users.UnknownUser, api_tokens.BadToken) as refusal:
        raise click.ClickException(str(refusal)) from None
    db.session.commit()
    click.echo(issued.secret)
    click.echo(f"Token {issued.token.id} of {user.email}. Keep it now: it is not shown again.")


@tokens.command("list")
def list_tokens() -> None:
    """Show the tokens that were made, and until when each is good."""
    from gatte.store import api_tokens as stored

    for token in stored.list_tokens():
        state = "revoked" if token.revoked_at else f"until {_day(token.expires_at) or 'revoked'}"
        used = _day(token.last_used_at) or "never"
        click.echo(f"{token.id}  {token.prefix}…  {token.name}  {token.user.email}  {state}")
        click.echo(f"    last used {used}; {' '.join(token.scopes)}")


@tokens.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke(token_id: UUID) -> None:
    """Let a token open nothing any more."""
    from gatte.desk import api_tokens
    from gatte.store.api_tokens import NoSuchToken

    try:
        token = api_tokens.revoke(token_id)
    except NoSuchToken:
        raise click.ClickException("no token has this id, or it is revoked already") from None
    db.session.commit()
    click.echo(f"Revoked: {token.prefix}… ({token.name}).")


def _day(moment: datetime | None) -> str:
    zone = services.settings().time_zone
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
