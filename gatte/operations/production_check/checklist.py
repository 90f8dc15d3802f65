"""The production checklist (`flask check` and the page Verificação): every check, in the order in
which they are shown.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from gatte.extensions import db
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.operations.production_check import (
    people_checks,
    setting_checks,
    store_checks,
    watch_checks,
    work_checks,
)
from gatte.operations.production_check.findings import Check, CheckStatus, Finding, failure

log = structlog.get_logger(__name__)

TEXTS_FILE = Path(__file__).with_name("texts.toml")
UNAVAILABLE = "unavailable"
"""The code of a check that could not be made; its text stands under [common]."""
CHECKS: Mapping[str, Check] = {
    "environment": setting_checks.check_environment,
    "secrets": setting_checks.check_secrets,
    "logs": setting_checks.check_logs,
    "durability": store_checks.check_durability,
    "vacuum": store_checks.check_vacuum,
    "role": store_checks.check_role,
    "tls": store_checks.check_tls,
    "schema": store_checks.check_schema,
    "redis": store_checks.check_redis,
    "clock": store_checks.check_clock,
    "disk": store_checks.check_disk,
    "backup": store_checks.check_backup,
    "master_keys": store_checks.check_master_keys,
    "certificate": watch_checks.check_certificate,
    "health": watch_checks.check_health,
    "monitoring": watch_checks.check_monitoring,
    "alerts": watch_checks.check_alerts,
    "processes": work_checks.check_processes,
    "backlog": work_checks.check_backlog,
    "dead_letters": work_checks.check_dead_letters,
    "scheduled_jobs": work_checks.check_scheduled_jobs,
    "retention": work_checks.check_retention,
    "gemini": work_checks.check_gemini,
    "rate_limits": setting_checks.check_rate_limits,
    "error_boundary": setting_checks.check_error_boundary,
    "failed_batches": work_checks.check_failed_batches,
    "admins": people_checks.check_admins,
    "passwords": people_checks.check_passwords,
}


@dataclass(frozen=True)
class CheckResult:
    """A check that was made, with what it found amiss."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> CheckStatus:
        """The worst of its findings."""
        found = {finding.status for finding in self.findings}
        if CheckStatus.FAIL in found:
            return CheckStatus.FAIL
        return CheckStatus.WARN if CheckStatus.WARN in found else CheckStatus.PASS


def run_all() -> list[CheckResult]:
    """Make every check; one that cannot be made fails. Nothing is changed."""
    return [run_one(name) for name in CHECKS]


def run_one(name: str) -> CheckResult:
    """Make one check."""
    try:
        findings = CHECKS[name]()
    except (SQLAlchemyError, RedisError, RedisUnavailable, OSError) as error:
        log.warning("check_not_made", name=name, error=type(error).__name__)
        findings = [failure(UNAVAILABLE, error=type(error).__name__)]
    finally:
        db.session.rollback()
    return CheckResult(name, tuple(findings))


def is_fit(results: list[CheckResult]) -> bool:
    """Whether no check failed."""
    return all(result.status is not CheckStatus.FAIL for result in results)


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Any]:
    """The texts of all checks by name, code and language (`en`, `pt`)."""
    return tomllib.loads(TEXTS_FILE.read_text(encoding="utf-8"))


def title(name: str, language: str) -> str:
    """What a check makes sure of."""
    spelled: str = texts()[name][language]
    return spelled


def advice(name: str, finding: Finding, language: str) -> str:
    """What is amiss and what to do, in one line."""
    section = "common" if finding.code == UNAVAILABLE else name
    spelled: str = texts()[section][finding.code][language]
    return spelled.format(**finding.values)
