"""`flask contacts`: what the data protection law asks of a single person's data; and
`flask erasures`: the ledger of those who were erased.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from gatte.extensions import db
from gatte.settings import EX_CONFIG

NAMES_PER_COMMIT = 500
PHONE = click.option("--phone", help="The contact's phone, with the country's code.")
CONTACT_ID = click.option("--id", "contact_id", type=click.UUID, help="The contact's id.")

contacts = AppGroup("contacts", help="The people who write to the company.")
erasures = AppGroup("erasures", help="The ledger of erased contacts.")


@contacts.command("index-names")
def index_names() -> None:
    """Let the panel's search find contacts whose names were stored before it could.

    Safe to repeat.
    """
    from gatte.store import contacts as named

    total = 0
    while count := named.index_names(NAMES_PER_COMMIT):
        db.session.commit()
        total += count
    click.echo(f"{total} names can be found now.")


@contacts.command("erase")
@PHONE
@CONTACT_ID
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask. What is erased does not come back.")
def erase(phone: str | None, contact_id: UUID | None, *, dry_run: bool, yes: bool) -> None:
    """Erase a contact with everything that can be tied to the person."""
    from gatte.data_rights import erasure

    with _told_plainly():
        found = _find(phone, contact_id)
        preview = erasure.preview(found)
        db.session.rollback()
        click.echo(f"Contact {found}:")
        for table, count in sorted(preview.rows.items()):
            click.echo(f"  {count:>7} {table}")
        if preview.held_since is not None:
            click.echo(f"Under a legal hold since {preview.held_since:%Y-%m-%d}: not erased.")
        if dry_run:
            return
        if not yes:
            click.confirm("Erase all of it? It does not come back", abort=True)
        done = erasure.erase(found)
        db.session.commit()
        erasure.clear_caches(done)
    click.echo(f"Erased: entry {done.sequence} of the ledger. Copy the ledger to its safe place.")


@contacts.command("export")
@PHONE
@CONTACT_ID
@click.option("--format", "kind", type=click.Choice(["json", "html"]), default="json")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export(phone: str | None, contact_id: UUID | None, kind: str, output: Path) -> None:
    """Write all that is kept of a contact into a file that only you can read.

    The files that the contact sent are put into the folder `arquivos` beside it.
    """
    from gatte.data_rights import export as exporting
    from gatte.data_rights import exported_files

    with _told_plainly():
        found = _find(phone, contact_id)
        made = exporting.collect(found)
        text = exporting.to_html(made) if kind == "html" else exporting.to_json(made)
        output.touch(mode=0o600)
        output.write_text(text, encoding="utf-8")
        written, unreadable = exported_files.write_beside(found, output)
    if written:
        folder = output.parent / exported_files.FOLDER
        click.echo(f"{written} files of the contact are in {folder}.")
    for name in unreadable:
        click.echo(f"{name} cannot be read now: is GATTE_MEDIA_DIR there? Try again.", err=True)
    click.echo(f"{output} holds personal data: hand it to that person alone, then delete it.")


@contacts.command("hold")
@PHONE
@CONTACT_ID
@click.option("--reason", required=True, help="Why the law lets the data be kept.")
def hold(phone: str | None, contact_id: UUID | None, reason: str) -> None:
    """Put a contact under a legal hold: it is not erased until the hold is lifted."""
    from gatte.store import contacts as stored

    with _told_plainly():
        stored.hold(stored.get_contact(_find(phone, contact_id)), reason)
        db.session.commit()
    click.echo("The contact is held: nobody can erase it, and its data does not expire.")


@contacts.command("release")
@PHONE
@CONTACT_ID
def release(phone: str | None, contact_id: UUID | None) -> None:
    """Lift the legal hold of a contact."""
    from gatte.store import contacts as stored

    with _told_plainly():
        stored.lift_hold(stored.get_contact(_find(phone, contact_id)))
        db.session.commit()
    click.echo("The contact is held no more.")


@erasures.command("replay")
def replay() -> None:
    """Carry out the erasures that the ledger names and this database lacks, as after a restored
    backup. Processes do so by themselves when they start.
    """
    click.echo(f"{replay_erasures()} erasures were carried out again.")


def replay_erasures() -> int:
    """Carry out the erasures that the database lacks; how many. Ends the process with exit code 78
    when the ledger does not fit.
    """
    from gatte.data_rights import erasure, erasure_ledger_check
    from gatte.data_rights.erasure_ledger import LedgerUnusable

    count = 0
    try:
        for done in erasure_ledger_check.replay_missing():
            db.session.commit()
            erasure.clear_caches(done)
            count += 1
    except (erasure_ledger_check.LedgerMismatch, LedgerUnusable) as problem:
        sys.stderr.write(f"gatte: {problem}\n")
        raise SystemExit(EX_CONFIG) from None
    return count


def _find(phone: str | None, contact_id: UUID | None) -> UUID:
    """The contact that was named; ClickException when none is, or two are."""
    from gatte.data_rights import lookup

    if (phone is None) == (contact_id is None):
        raise click.UsageError("name one contact: by --phone or by --id")
    if contact_id is not None:
        return contact_id
    found = lookup.find_by_phone(phone or "")
    if found is None:
        raise click.ClickException("no contact has this phone")
    return found


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Say in one line what the rooms refuse."""
    from sqlalchemy.exc import NoResultFound, OperationalError

    from gatte.data_rights.erasure import ContactHeld
    from gatte.data_rights.erasure_ledger import LedgerUnusable
    from gatte.store.erasures import NoSuchContact

    try:
        yield
    except (NoSuchContact, NoResultFound):
        raise click.ClickException("there is no contact with this id") from None
    except ContactHeld:
        raise click.ClickException(
            "the contact is under a legal hold: lift it with `flask contacts release` first"
        ) from None
    except LedgerUnusable as problem:
        raise click.ClickException(f"nothing was erased: {problem}") from None
    except OperationalError as error:
        raise click.ClickException(
            f"the database did not answer ({type(error.orig).__name__}): try again; an erasure"
            " that was begun is finished by `flask erasures replay`"
        ) from None
