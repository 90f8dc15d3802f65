"""The table `shadow_run`: what comparisons of past conversations came to, in figures."""

from collections.abc import Sequence

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import ShadowRun


def add(run: ShadowRun) -> None:
    """Store the figures of a run."""
    db.session.add(run)
    db.session.flush()


def list_latest(limit: int) -> Sequence[ShadowRun]:
    """The latest runs, the newest first."""
    return db.session.scalars(select(ShadowRun).order_by(ShadowRun.id.desc()).limit(limit)).all()
