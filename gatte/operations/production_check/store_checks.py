"""Checks of Postgres, Redis, the disk and the keys (16.1, 16.3, 16.4)."""

import shutil
import time
from datetime import UTC, datetime, timedelta

from gatte import connection_security, services
from gatte.extensions import db
from gatte.infra import schema
from gatte.infra.rq_queue import read_redis_clock
from gatte.operations import backup_status
from gatte.operations.production_check.findings import Finding, age_in_words, failure, warning
from gatte.store import data_keys, postgres_state

MOST_CLOCK_SECONDS = 2.0
OLDEST_BACKUP = timedelta(hours=26)
OLDEST_VERIFICATION = timedelta(days=31)
LEAST_FREE_BYTES = 1024**3
LEAST_FREE_SHARE = 0.1
MOST_NONCE_SHARE = 0.5
KEEPS_EVERYTHING = "noeviction"


def check_durability() -> list[Finding]:
    """What Postgres has confirmed survives a crash of its machine."""
    off = postgres_state.load_state().settings_off
    return [failure("off", names=", ".join(off))] if off else []


def check_vacuum() -> list[Finding]:
    """Postgres cleans up after itself."""
    return [] if postgres_state.load_state().vacuums else [failure("off")]


def check_role() -> list[Finding]:
    """The role of the application cannot change the schema, nor the audit trail's past."""
    state = postgres_state.load_state()
    if state.is_superuser:
        return [warning("superuser", role=state.role)]
    if state.owned_tables:
        return [warning("owner", role=state.role, tables=state.owned_tables)]
    return []


def check_tls() -> list[Finding]:
    """Nobody on the way reads what we say to the stores."""
    state = postgres_state.load_state()
    found = []
    if not (state.has_tls or state.is_local):
        found.append(failure("postgres"))
    url = services.settings().redis_url
    try:
        connection_security.check_redis_url(url)
    except ValueError as problem:
        found.append(failure("redis", problem=str(problem)))
    return found


def check_schema() -> list[Finding]:
    """The database has the schema that this version needs."""
    state = schema.schema_state(db.session.connection())
    if state.is_current:
        return []
    return [failure("old", current=state.current or "-", required=state.required or "-")]


def check_redis() -> list[Finding]:
    """Redis answers, and throws nothing away when its memory is full."""
    memory = services.redis().info("memory")
    policy = memory.get("maxmemory_policy", KEEPS_EVERYTHING)
    if memory.get("maxmemory") and policy != KEEPS_EVERYTHING:
        return [failure("evicts", policy=policy)]
    return []


def check_clock() -> list[Finding]:
    """The clock of this host agrees with those of Postgres and Redis."""
    clocks = {"Redis": read_redis_clock(services.redis()), "Postgres": postgres_state.read_clock()}
    now = time.time()
    differences = {store: abs(clock - now) for store, clock in clocks.items()}
    return [
        failure("differs", store=store, age=age_in_words(difference))
        for store, difference in differences.items()
        if difference > MOST_CLOCK_SECONDS
    ]


def check_backup() -> list[Finding]:
    """There is a backup of today or yesterday, and one was restored and verified lately."""
    status = backup_status.find_status()
    if status.backed_up_at is None:
        return [failure("none")]
    found = []
    now = datetime.now(UTC)
    age = now - status.backed_up_at
    if age > OLDEST_BACKUP:
        found.append(failure("old", age=age_in_words(age.total_seconds())))
    if status.verified_at is None:
        found.append(failure("never_verified"))
    elif now - status.verified_at > OLDEST_VERIFICATION:
        age = now - status.verified_at
        found.append(failure("verified_long_ago", age=age_in_words(age.total_seconds())))
    return found


def check_disk() -> list[Finding]:
    """There is room in the folder of generated files and where the erasure ledger grows."""
    settings = services.settings()
    found = []
    for folder in sorted({settings.gatte_data_dir, settings.erasure_ledger.parent}):
        if not folder.is_dir():
            found.append(failure("missing", folder=folder))
            continue
        usage = shutil.disk_usage(folder)
        free = f"{usage.free / 1024**3:.1f}"
        if usage.free < LEAST_FREE_BYTES:
            found.append(failure("full", folder=folder, free=free))
        elif usage.free < LEAST_FREE_SHARE * usage.total:
            found.append(warning("filling", folder=folder, free=free))
    return found


def check_master_keys() -> list[Finding]:
    """Every data key can be opened, and no master key is kept that nothing needs."""
    ring = services.keyring().master.ids
    found = []
    for use in data_keys.list_use(ring):
        if use.master_key_id not in ring:
            found.append(failure("missing", id=use.master_key_id, count=use.data_keys))
        elif use.master_key_id != ring[0] and use.data_keys == 0:
            found.append(warning("not_needed", id=use.master_key_id))
        elif use.master_key_id != ring[0]:
            found.append(warning("not_rotated", id=use.master_key_id, count=use.data_keys))
        if use.nonces > MOST_NONCE_SHARE * data_keys.MOST_NONCES:
            found.append(failure("worn_out", id=use.master_key_id))
    return found
