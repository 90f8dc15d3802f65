"""`flask facts`: the facts of the company, from and to a file."""

from pathlib import Path

import click

from gatte.extensions import db


@click.group()
def facts() -> None:
    """What the company says of itself: hours, address, channels, prices, payment."""


@facts.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--replace", is_flag=True, help="Remove facts of the file's kinds that it lacks.")
def import_file(path: Path, *, dry_run: bool, replace: bool) -> None:
    """Add or change the facts of a TOML file, all or none; each is found by kind, key and first
    day.
    """
    from gatte.desk import fact_files

    try:
        done = fact_files.import_facts(fact_files.read_facts(path), replace=replace)
    except fact_files.BadFacts as error:
        raise click.ClickException("\n".join(error.problems)) from None
    if dry_run:
        db.session.rollback()
        click.echo("Nothing was stored. This would be done:")
    else:
        db.session.commit()
    click.echo(
        f"{done.created} created, {done.changed} changed, {done.unchanged} as before,"
        f" {done.removed} removed."
    )


@facts.command("export")
def export_file() -> None:
    """Print all facts as a file that `flask facts import` reads."""
    from gatte.desk import fact_files

    click.echo(fact_files.export_facts())
