"""Whether the master keys of the settings open what this database holds."""

import sys

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gatte.infra.schema import PreflightFailed
from gatte.infra.schema.runner import connected
from gatte.models import DataKey, KeyPurpose
from gatte.privacy import crypto
from gatte.settings import EX_CONFIG, Settings

log = structlog.get_logger(__name__)


def require_opening_keys(settings: Settings) -> None:
    """End the process with exit code 78 and one line when a master key is missing that data needs,
    or another one has its id.

    A database that is away now, or holds no look-up key yet, is let pass.
    """
    columns = select(DataKey.id, DataKey.master_key_id, DataKey.wrapped_key)
    keys = crypto.MasterKeys(settings.master_keys)
    of_missing_keys = select(DataKey.master_key_id).where(DataKey.master_key_id.not_in(keys.ids))
    try:
        with connected(settings.database_url.get_secret_value()) as connection:
            row = connection.execute(columns.where(DataKey.purpose == KeyPurpose.LOOKUP)).first()
            missing = connection.scalar(of_missing_keys.limit(1))
    except (PreflightFailed, SQLAlchemyError) as error:
        log.warning("database_unavailable_at_start", error=type(error).__name__)
        return
    if missing is not None:
        _stop(f"lacks the key {missing!r}, which data of this database needs: add it again")
    if row is None:
        return
    wrapped = crypto.WrappedKey(row.master_key_id, row.wrapped_key)
    if not _opens(keys, wrapped, row.id.bytes):
        _stop(f"has another key under the id {row.master_key_id!r} than the one that wrote here")


def _stop(problem: str) -> None:
    log.error("master_key_mismatch")
    sys.stderr.write(f"gatte: bad setting: GATTE_ENCRYPTION_KEYS: {problem}\n")
    raise SystemExit(EX_CONFIG)


def _opens(keys: crypto.MasterKeys, wrapped: crypto.WrappedKey, owner: bytes) -> bool:
    try:
        keys.unwrap(wrapped, owner)
    except (crypto.UnknownMasterKey, crypto.DecryptionFailed):
        return False
    return True
