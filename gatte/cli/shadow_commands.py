"""`flask shadow`: past conversations under another configuration, compared."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from gatte import services
from gatte.extensions import db

shadow = AppGroup("shadow", help="Past conversations under another configuration, compared.")
KINDS = {"model": "modelo", "thresholds": "limiares", "articles": "artigos", "prompt": "prompt"}
"""What the report and the panel call each kind of configuration."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@shadow.command("run")
@click.option("--conversations", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--since", type=click.DateTime(), help="In the company's time zone.")
@click.option("--model", type=int, help="A version of `flask intents list`.")
@click.option("--thresholds", type=FILE, help="TOML: LABEL_THRESHOLD = 0.6")
@click.option("--articles", type=FILE, help="As for `flask knowledge import`.")
@click.option("--prompt", type=FILE, help="responder-….md or commands-….md; needs Gemini.")
@click.option("--gemini", "with_gemini", is_flag=True, help="Ask Gemini too, which costs money.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The report.")
def run(
    *,
    conversations: int,
    since: datetime | None,
    with_gemini: bool,
    output: Path | None,
    **candidates: Any,  # noqa: ANN401 - a version or a file, by option
) -> None:
    """Play past turns under one other configuration, and write a report of what would differ.
    Nothing is sent, and nothing is stored but the figures and what Gemini cost.
    """
    from gatte.intelligence import calls
    from gatte.operations import shadow_candidate, shadow_report
    from gatte.turns import llm_costs
    from gatte.turns import shadow as shadow_turns

    chosen = [(kind, value) for kind, value in candidates.items() if value is not None]
    if len(chosen) != 1:
        raise click.UsageError("give one of --model, --thresholds, --articles, --prompt")
    kind, value = chosen[0]
    path = output or Path(f"shadow-{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}.html")
    if path.exists():
        raise click.ClickException(f"{path} is there already: give another --output")
    try:
        candidate = shadow_candidate.READERS[kind](value)
    except shadow_candidate.BadCandidate as error:
        raise click.ClickException(str(error)) from None
    name = f"{KINDS[kind]} {value.name if isinstance(value, Path) else value}"
    after = since.replace(tzinfo=services.settings().time_zone) if since else None
    asks_gemini = with_gemini or kind == "prompt"
    asking = nullcontext() if asks_gemini else shadow_candidate.without_gemini()
    try:
        with calls.collected() as made, asking:
            comparison = shadow_turns.compare(name, candidate, after, conversations)
    finally:
        db.session.rollback()
        llm_costs.store_unattached(made)
    shadow_report.write(comparison, path)
    shadow_report.store(comparison, path)
    db.session.commit()
    for words, figure in comparison.figures().items():
        click.echo(f"{words:<24} {figure}")
    click.echo(f"{len(comparison.turns)} turns of {comparison.conversation_count} conversations.")
    click.echo(f"Report: {path}")
