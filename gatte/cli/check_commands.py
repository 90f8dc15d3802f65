"""`flask check`: whether the running installation is fit for production."""

import json
import logging

import click

from gatte.operations.production_check import checklist
from gatte.operations.production_check.checklist import CheckResult

LANGUAGE = "en"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def check(*, as_json: bool) -> None:
    """Go through the production checklist, and say for each point what to do.

    Exit code 1 when a point failed; warnings alone are 0. Run it beside a web process. With --json
    the last line is the object.
    """
    logging.disable(logging.CRITICAL)  # log lines go to standard output, and say nothing more
    results = checklist.run_all()
    if as_json:
        click.echo(json.dumps(_document(results), ensure_ascii=False))
    else:
        for result in results:
            _show(result)
    raise SystemExit(0 if checklist.is_fit(results) else 1)


def _show(result: CheckResult) -> None:
    title = checklist.title(result.name, LANGUAGE)
    click.echo(f"{result.status.value:<5} {result.name:<15} {title}")
    for finding in result.findings:
        click.echo(
            f"      {finding.status.value}: {checklist.advice(result.name, finding, LANGUAGE)}"
        )


def _document(results: list[CheckResult]) -> dict[str, object]:
    checks = [
        {
            "name": result.name,
            "status": result.status,
            "title": checklist.title(result.name, LANGUAGE),
            "findings": [
                {
                    "code": finding.code,
                    "status": finding.status,
                    "advice": checklist.advice(result.name, finding, LANGUAGE),
                }
                for finding in result.findings
            ],
        }
        for result in results
    ]
    return {"fit": checklist.is_fit(results), "checks": checks}
