"""The table `model_version`: the command models that there are, of which one at most is the
champion; without one the shipped model answers.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session, undefer

from gatte.extensions import db
from gatte.models import ModelVersion, VersionState

TRAINING_LOCK = 0x6D6F646C  # "modl": changes of the champion wait for each other
KEPT_FILES = 6
"""Versions that have answered and keep their files, so that one can go back to them."""


class ChampionRow(NamedTuple):
    """The version that is to answer, and the shipped model that it belongs to."""

    id: int
    base: str


def lock() -> None:
    """Let nobody else change which version answers until the transaction ends."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": TRAINING_LOCK})


def read_champion(session: Session) -> ChampionRow | None:
    """Which version is to answer; None for the shipped model."""
    columns = select(ModelVersion.id, ModelVersion.base)
    row = session.execute(columns.where(ModelVersion.state == VersionState.CHAMPION)).first()
    return None if row is None else ChampionRow(row.id, row.base)


def find_champion() -> ModelVersion | None:
    """The version that answers; None when none was ever trained."""
    return db.session.scalar(_fresh().filter_by(state=VersionState.CHAMPION))


def find_version(version_id: int) -> ModelVersion | None:
    """A version; None when there is none of this number."""
    return db.session.scalar(_fresh().filter_by(id=version_id))


def read_with_file(session: Session, version_id: int) -> ModelVersion | None:
    """A version with the bytes of its file."""
    found = select(ModelVersion).filter_by(id=version_id).options(undefer(ModelVersion.file))
    return session.scalar(found.execution_options(populate_existing=True))


def _fresh() -> Select[ModelVersion]:
    """Versions as they are now."""
    return select(ModelVersion).execution_options(populate_existing=True)


def add(version: ModelVersion) -> None:
    """Store a version."""
    db.session.add(version)
    db.session.flush()


def set_champion(version: ModelVersion) -> None:
    """Let a version answer instead of the one that does."""
    retire_champion()
    version.state = VersionState.CHAMPION
    version.promoted_at = func.now()
    version.retired_at = None
    db.session.flush()


def retire_champion() -> None:
    """Let the version that answers do so no longer."""
    _retire(ModelVersion.state == VersionState.CHAMPION)


def retire_challengers() -> None:
    """Let no version wait to be promoted any more; their files go."""
    _retire(ModelVersion.state == VersionState.CHALLENGER, drop_files=True)


def _retire(condition: Any, *, drop_files: bool = False) -> None:  # noqa: ANN401 - a condition
    values: dict[str, Any] = {"state": VersionState.RETIRED, "retired_at": func.now()}
    if drop_files:
        values |= {"file": None, "checksum": None, "trial_file": None}
    retired = update(ModelVersion).where(condition).values(**values)
    db.session.execute(retired.execution_options(synchronize_session="fetch"))


def drop_old_files() -> None:
    """Drop the files of versions that answered long ago."""
    kept = select(ModelVersion.id).where(ModelVersion.promoted_at.is_not(None))
    kept = kept.order_by(ModelVersion.promoted_at.desc(), ModelVersion.id.desc()).limit(KEPT_FILES)
    old = update(ModelVersion).where(
        ModelVersion.state == VersionState.RETIRED, ModelVersion.id.not_in(kept)
    )
    emptied = old.values(file=None, checksum=None, trial_file=None)
    db.session.execute(emptied.execution_options(synchronize_session="fetch"))


def list_latest(limit: int) -> Sequence[ModelVersion]:
    """The latest versions, the newest first, without their files."""
    return db.session.scalars(_fresh().order_by(ModelVersion.id.desc()).limit(limit)).all()
