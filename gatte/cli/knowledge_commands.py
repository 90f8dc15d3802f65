"""`flask knowledge` and `flask demo`: articles, and content to try GATTE with."""

import os
from typing import TYPE_CHECKING

import click

from gatte.extensions import db

if TYPE_CHECKING:
    from pathlib import Path

    from gatte.intelligence.knowledge.articles import ImportResult


@click.group()
def knowledge() -> None:
    """The knowledge base."""


@knowledge.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
def import_knowledge(path: str) -> None:
    """Add or change the articles of a file; each is found by its slug.

    Those of a TOML file are published. Those of a document (.md, .txt, .html, .docx, .pdf, .csv)
    become drafts, which somebody publishes in the panel.
    """
    from pathlib import Path

    from gatte.intelligence.knowledge import articles as base

    file = Path(path)
    try:
        if file.suffix.lower() == ".toml":
            done = base.import_articles(db.session(), base.read_articles(file))
        else:
            done = _import_document(file)
    except base.BadArticles as error:
        raise click.ClickException("\n".join(error.problems)) from None
    db.session.commit()
    click.echo(f"{done.created} created, {done.changed} changed, {done.unchanged} as before.")


def _import_document(file: "Path") -> "ImportResult":
    """Store the articles of a document as drafts, and say what was left out."""
    from gatte.intelligence.knowledge import articles as base
    from gatte.intelligence.knowledge import document_import
    from gatte.intelligence.knowledge.document_sections import UnreadableDocument

    try:
        found = document_import.read_document(file.name, file.read_bytes())
    except UnreadableDocument as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    for part in found.left_out:
        field = f" ({part.field})" if part.field else ""
        click.echo(f"left out, {part.why.value}{field}: {part.beginning}", err=True)
    return base.import_drafts(db.session(), found.drafts, None)


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
