"""The production checklist, as an admin sees it (`flask check` is the same at the command line)."""

from flask import Blueprint, Response

from gatte.operations.production_check import checklist
from gatte.operations.production_check.checklist import CheckResult
from gatte.operations.production_check.findings import CheckStatus
from gatte.web.htmx import render
from gatte.web.panel.admin_access import require_admin

LANGUAGE = "pt"
WORST_FIRST = (CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS)


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/verificacao", view_func=show_checks)


def show_checks() -> Response:
    """Make every check now, and show those that failed first."""
    require_admin()
    results = checklist.run_all()
    results.sort(key=lambda result: WORST_FIRST.index(result.status))
    return render(
        "panel/checks.html",
        checks=[_shown(result) for result in results],
        counts={status.value: _count(results, status) for status in WORST_FIRST},
    )


def _shown(result: CheckResult) -> dict[str, object]:
    found = result.findings
    return {
        "name": result.name,
        "status": result.status.value,
        "title": checklist.title(result.name, LANGUAGE),
        "advice": [checklist.advice(result.name, finding, LANGUAGE) for finding in found],
    }


def _count(results: list[CheckResult], status: CheckStatus) -> int:
    return sum(result.status is status for result in results)
