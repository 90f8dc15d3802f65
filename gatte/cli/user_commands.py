"""`flask users`: the people of the panel."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from gatte import services
from gatte.extensions import db

ROLES = click.Choice(["agent", "admin"])
FORCE = click.option("--force", is_flag=True, help="Also when no active admin would be left.")
PASSWORD = click.option(
    "--password",
    envvar="GATTE_USER_PASSWORD",
    help="Better left out: other processes can read a command line. Without it the password is "
    "asked for at a terminal, or is the first line of standard input.",
)
KEEP = click.option(
    "--keep-password",
    is_flag=True,
    envvar="GATTE_USER_KEEP_PASSWORD",
    help="The panel asks for no other password at the next login.",
)

users = AppGroup("users", help="The people of the panel.")


@users.command("list")
def list_users() -> None:
    """Show who may log in and who no longer may."""
    from gatte.store import users as accounts

    with _told_plainly():
        rows = [
            (
                user.email,
                user.name,
                user.role.value,
                "active" if user.active else "disabled",
                _day(user.last_login_at),
            )
            for user in accounts.list_by_email()
        ]
    _show_table([("E-MAIL", "NAME", "ROLE", "STATE", "LAST LOGIN"), *rows])


@users.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=ROLES, default="agent")
@PASSWORD
@KEEP
def create(email: str, name: str, role: str, password: str | None, *, keep_password: bool) -> None:
    """Add a person to the panel."""
    from gatte.desk import users as people
    from gatte.models import Role

    with _told_plainly():
        given = password or _ask_password()
        must_change = not keep_password
        people.create_user(email, name, given, Role(role), must_change_password=must_change)
    click.echo(f"{email} may log in as {role}.")


@users.command("password")
@click.argument("email")
@PASSWORD
@KEEP
def change_password(email: str, password: str | None, *, keep_password: bool) -> None:
    """Give a person another password; whoever is logged in by the old one is out at once."""
    from gatte.desk import users as people

    with _told_plainly():
        user = people.get_user(email)
        given = password or _ask_password()
        people.set_password(user, given, must_change=not keep_password)
    click.echo(f"{user.email} has another password, and every session of theirs has ended.")


@users.command("role")
@click.argument("email")
@click.argument("role", type=ROLES)
@FORCE
def change_role(email: str, role: str, *, force: bool) -> None:
    """Let a person do more (admin) or less (agent)."""
    from gatte.desk import users as people
    from gatte.models import Role

    with _told_plainly():
        user = people.get_user(email)
        people.change_role(user, Role(role), force=force)
    click.echo(f"{user.email} is {role} from now on, and every session of theirs has ended.")


@users.command("disable")
@click.argument("email")
@FORCE
def disable(email: str, *, force: bool) -> None:
    """Switch an account off; whoever is logged in by it is out at once. What they did stays."""
    from gatte.desk import users as people

    with _told_plainly():
        user = people.get_user(email)
        people.disable(user, force=force)
    click.echo(f"{user.email} may no longer log in, and every session of theirs has ended.")


@users.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let a person whose account was switched off log in again."""
    from gatte.desk import users as people

    with _told_plainly():
        user = people.get_user(email)
        people.enable(user)
    click.echo(f"{user.email} may log in again, as {user.role.value}.")


@users.command("second-factor-off")
@click.argument("email")
def remove_second_factor(email: str) -> None:
    """Let somebody who lost the phone and the recovery codes log in by the password alone."""
    from gatte.desk import one_time_codes
    from gatte.desk import users as people

    with _told_plainly():
        removed = one_time_codes.remove(people.get_user(email), by=None)
    click.echo("The second step is off." if removed else "There was no second step.")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Commit what was done; what cannot be done ends the command with one line and exit code 1."""
    from gatte.desk import users as people

    refusals = (
        people.BadEmail,
        people.EmailTaken,
        people.WeakPassword,
        people.UnknownUser,
        people.LastAdmin,
    )
    try:
        yield
        db.session.commit()
    except refusals as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None
    except OperationalError:
        raise click.ClickException("the database of DATABASE_URL does not answer") from None


def _ask_password() -> str:
    """Typed twice without an echo at a terminal; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _day(moment: datetime | None) -> str:
    zone = services.settings().time_zone
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "never"


def _show_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
