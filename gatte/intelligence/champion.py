"""Which command model answers in this process: the champion of the table `model_version`, or the
shipped one.
"""

import hashlib
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gatte import services
from gatte.extensions import db
from gatte.intelligence.understanding import command_model_file
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.command_model_file import DamagedModel
from gatte.models import ModelVersion
from gatte.store import model_versions

log = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0
"""How long a process may answer with a model that is no longer the champion."""


def refresh_if_due() -> None:
    """Look for another champion, at most once in a few seconds."""
    models = services.local_models()
    if time.monotonic() - models.checked_at >= CHECK_SECONDS:
        models.checked_at = time.monotonic()
        refresh()


def refresh() -> None:
    """Let this process answer with the champion. A database that is away changes nothing; a version
    that cannot be used leaves the shipped model.
    """
    models = services.local_models()
    try:
        with Session(db.engine) as session:
            row = model_versions.read_champion(session)
            version = None if row is None else row.id
            if version == models.version:
                return
            model = None if version is None else _load(session, version)
    except SQLAlchemyError as error:
        log.warning("champion_not_read", error=type(error).__name__)
        return
    models.use(model, version)
    log.info("command_model_chosen", version=version, shipped=model is None)


def _load(session: Session, version_id: int) -> CommandModel | None:
    version = model_versions.read_with_file(session, version_id)
    if version is None:
        return None
    try:
        return model_of(version)
    except (DamagedModel, OtherBase) as error:
        log.warning("champion_unusable", version=version_id, why=type(error).__name__)
        return None


class OtherBase(Exception):
    """A version was trained for another shipped model: another corpus, package or code."""


def model_of(version: ModelVersion) -> CommandModel | None:
    """The model of a version, None for the shipped one; DamagedModel when its file is not what was
    stored, OtherBase when it does not belong to the shipped model of today.
    """
    if version.base != command_model_file.fingerprint():
        raise OtherBase(f"version {version.id} belongs to {version.base}")
    if version.file is None:
        return None
    if hashlib.sha256(version.file).digest() != version.checksum:
        raise DamagedModel(f"version {version.id}")
    return command_model_file.loads(version.file, f"{version.base} v{version.id}")
