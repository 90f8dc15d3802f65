"""`flask intents`: the command model learns from corrections."""

from typing import Any

import click
from flask.cli import AppGroup

from gatte.extensions import db

intents = AppGroup(
    "intents", help="The model that reads customers, and what it learns from agents."
)


@intents.command("train")
@click.option("--promote", "and_promote", is_flag=True, help="Promote it when the gate lets it.")
def train(*, and_promote: bool) -> None:
    """Train a challenger from the shipped turns and the corrections, and score it against the
    champion; takes about a minute. Without --promote it waits for `flask intents promote`.
    """
    from gatte.models import VersionState
    from gatte.operations import model_lifecycle

    batch = model_lifecycle.load_batch()
    db.session.commit()
    version = model_lifecycle.store(model_lifecycle.train(batch))
    db.session.commit()
    click.echo(f"version {version.id}: {version.state} ({version.example_count} corrections)")
    for sentence in model_lifecycle.told(version.refusals):
        click.echo(f"  refused: {sentence}")
    _show_figures(version.figures)
    if version.state is not VersionState.CHALLENGER:
        click.echo("Nothing was promoted.")
    elif and_promote:
        model_lifecycle.promote(version.id, None)
        db.session.commit()
        click.echo(f"Version {version.id} answers within seconds.")
    else:
        click.echo(f"It waits: `flask intents promote {version.id}` lets it answer.")


@intents.command("evaluate")
@click.argument("version", type=int)
def evaluate(version: int) -> None:
    """Score a version against the champion on the shipped turns and on today's held-out
    corrections.
    """
    from gatte.operations import model_lifecycle

    try:
        comparison = model_lifecycle.score(version)
    except model_lifecycle.NotPromotable as error:
        raise click.ClickException(str(error)) from None
    _show_figures(comparison.to_json())


@intents.command("promote")
@click.argument("version", type=int)
def promote(version: int) -> None:
    """Let a challenger answer: all workers take it up within seconds, without a restart."""
    from gatte.operations import model_lifecycle

    try:
        model_lifecycle.promote(version, None)
    except model_lifecycle.NotPromotable as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"Version {version} answers within seconds.")


@intents.command("rollback")
def rollback() -> None:
    """Let the version answer that did before; without a restart."""
    from gatte.operations import model_lifecycle

    try:
        former = model_lifecycle.roll_back(None)
    except model_lifecycle.NothingToRollBack:
        raise click.ClickException("no version answered before: nothing to go back to") from None
    except model_lifecycle.NotPromotable as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"Version {former.id} answers within seconds.")


@intents.command("list")
def list_versions() -> None:
    """Show the versions, the newest first, with what each learned from and why it was refused."""
    from gatte.store import model_versions, training_examples

    click.echo(f"{training_examples.count_active()} corrections are learned from.")
    versions = model_versions.list_latest(30)
    for version in versions:
        refused = f"  refused: {'; '.join(version.refusals)}" if version.refusals else ""
        click.echo(
            f"{version.id:>5}  {version.state:<10} {version.created_at:%Y-%m-%d %H:%M}"
            f"  {version.example_count} corrections  {version.base}{refused}"
        )
    if not versions:
        click.echo("No version yet: the shipped model answers.")


def _show_figures(figures: dict[str, Any]) -> None:
    if not figures:
        return
    rows = {"shipped turns": figures["shipped"], "held-out corrections": figures["corrections"]}
    rows |= dict(sorted(figures["labels"].items()))
    click.echo(f"{'F1 in points':<32} turns  champion  challenger  gain (95 %)")
    for name, one in rows.items():
        click.echo(
            f"{name:<32} {one['count']:>5}  {one['champion']:>8}  {one['challenger']:>10}"
            f"  {one['low']} to {one['high']}"
        )
