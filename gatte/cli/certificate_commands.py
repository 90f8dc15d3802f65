"""`flask certificates`: digital certificates of customers, from a file."""

from pathlib import Path

import click
from flask.cli import AppGroup

from gatte.extensions import db

MOST_SHOWN = 20

certificates = AppGroup("certificates", help="Digital certificates of customers.")


@certificates.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what is in the file.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def import_file(path: Path, *, dry_run: bool, yes: bool) -> None:
    """Add or change the certificates of a CSV file; lines with problems are told and left out, and
    the same file again changes nothing.
    """
    from gatte.desk import certificate_files, certificate_imports

    try:
        file = certificate_files.read_certificates(path.read_bytes())
    except certificate_files.BadCertificateFile as problem:
        raise click.ClickException(str(problem)) from None
    for one in file.problems[:MOST_SHOWN]:
        click.echo(f"linha {one.line}, {one.column}: {one.advice}")
    if len(file.problems) > MOST_SHOWN:
        click.echo(f"... e mais {len(file.problems) - MOST_SHOWN} problemas")
    refused = file.line_count - len(file.rows)
    click.echo(f"{len(file.rows)} de {file.line_count} linhas podem ser importadas.")
    if dry_run or not file.rows:
        return
    if not yes:
        question = (
            f"{refused} linhas ficam de fora. Importar as outras?" if refused else "Importar?"
        )
        click.confirm(question, abort=True)
    created = changed = 0
    size = certificate_imports.LINES_AT_ONCE
    for start in range(0, len(file.rows), size):
        counts = certificate_imports.store_rows(file.rows[start : start + size], None)
        db.session.commit()
        db.session.expunge_all()
        created += counts.created
        changed += counts.changed
    same = len(file.rows) - created - changed
    click.echo(f"{created} novos, {changed} alterados, {same} já estavam iguais.")
