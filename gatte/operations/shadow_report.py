"""The report of a shadow run: a page in Portuguese, whole in one file, and its row of figures."""

import os
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from flask import current_app, render_template
from markupsafe import Markup

from gatte import services
from gatte.desk import command_words
from gatte.models import ShadowRun
from gatte.store import shadow_runs
from gatte.turns import shadow
from gatte.turns.shadow import ShadowComparison

MOST_SHOWN = 500
"""Turns side by side; the figures count all."""


def write(comparison: ShadowComparison, path: Path) -> None:
    """Write the page where only this user can read it; FileExistsError rather than over another."""
    zone = services.settings().time_zone
    changed = list(islice(shadow.changed_turns(comparison), MOST_SHOWN + 1))
    page = render_template(
        "shadow_report.html",
        comparison=comparison,
        figures=comparison.figures(),
        style=_style_sheet(),
        words_of=command_words.words_of,
        changed=changed[:MOST_SHOWN],
        more=len(changed) > MOST_SHOWN,
        made_at=f"{datetime.now(UTC).astimezone(zone):%d/%m/%Y às %H:%M}",
        company=services.settings().gatte_company_name,
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(page)


def _style_sheet() -> Markup:
    """The report's style sheet as an element of its page."""
    css = (Path(current_app.static_folder or "") / "css" / "report.css").read_text("utf-8")
    return Markup("<style>\n{}</style>").format(Markup(css))  # noqa: S704 - a file of ours


def store(comparison: ShadowComparison, path: Path) -> ShadowRun:
    """Store the figures, for the panel's list; the caller commits."""
    run = ShadowRun(
        candidate=comparison.candidate,
        conversation_count=comparison.conversation_count,
        turn_count=len(comparison.turns),
        figures=comparison.figures(),
        report_name=path.name,
    )
    shadow_runs.add(run)
    return run
