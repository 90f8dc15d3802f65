"""`python -m tests.bandit_findings`: what bandit finds in the code that serves, and nobody argued.

Ruff's rules S are most of bandit's, under the same numbers, and are argued at their lines
(`# noqa: S608 - why`); bandit reads some lines differently and has rules that ruff lacks. So a
finding is answered by ruff's mark of the same number at its statement, or by `# nosec`. Exit code 1
when one is left.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
CODE = ("gatte", "wsgi.py", "gunicorn.conf.py", "deployment")
NOT_SERVING = "deployment/dockerfile_rehearsal.py"
SKIPPED = "B404,B105"
"""That `subprocess` is imported, since B603 judges each call; and texts beside a key such as
`token`, which are words for people here: ruff's S105 looks at what is assigned.
"""


def main() -> int:
    """Print what is left; 0 when nothing is."""
    left = [found for found in _findings() if not _is_argued(found)]
    for found in left:
        place = f"{found['filename']}:{found['line_number']}"
        sys.stdout.write(f"{place}: {found['test_id']} {found['issue_text']}\n")
    return 1 if left else 0


def _findings() -> list[dict[str, Any]]:
    program = Path(sys.executable).parent / "bandit"
    options = ["--quiet", "--format", "json", "--skip", SKIPPED, "--exclude", NOT_SERVING]
    command = [str(program), *options, "--recursive", *CODE]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"bandit could not read: {report['errors']}")
    found: list[dict[str, Any]] = report["results"]
    return found


def _is_argued(found: dict[str, Any]) -> bool:
    lines = (PROJECT / found["filename"]).read_text(encoding="utf-8").splitlines()
    first, last = min(found["line_range"]), max(found["line_range"])
    statement = lines[first - 1 : last + 1]  # a mark may stand at the closing bracket
    rule = "S" + found["test_id"].removeprefix("B")
    return any("noqa:" in line and rule in line.split("noqa:")[1] for line in statement)


if __name__ == "__main__":
    sys.exit(main())
