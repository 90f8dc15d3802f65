"""`flask knowledge` and `flask demo`: articles, and content to try GATTE with."""

import os

import click

from gatte.extensions import db


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
