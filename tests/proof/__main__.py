"""`python -m tests.proof [PART ...]`: attacks on the whole running system, of the size you choose.

Each part starts real processes over stores of its own, attacks them from outside, and counts what
came of it in the tables. Exit code 1 when anything was found that must not be.

    make proof                                   all parts, some two hours and a half
    make proof ARGS="webhook --bodies 20000 --answered 200"
    make proof ARGS="alerts production backup certificates"    what an installation promises
    make proof ARGS="panel rotation --inputs 10000 --contacts 20000 --seed 7"
    make proof ARGS="marks api --write"          the figures go into docs/proof.md, too
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests import process_system
from tests.proof import (
    certificate_year,
    generated_requests,
    hostile_panel,
    inbox_key_rotation,
    killed_processes,
    marked_values,
    production_rehearsal,
    restore_drill,
    rotation_under_load,
    session_key_rotation,
    tls_scan,
    upgrade_under_load,
    webhook_fuzz,
)
from tests.proof.proof_system import Outcome

PAGE = process_system.PROJECT / "docs" / "proof.md"
MOST_TOLD = 30
HEAD = """# What attacks on the running system found

Written by `make proof ARGS=--write`. Each part runs real processes (web, worker, scheduler) over a
real Postgres and Valkey and attacks them from outside; a part that is run again replaces its
section. The seed decides the bodies and inputs, not the order in which threads send them.
"""
TITLES = {
    "webhook": "Strange bodies at the webhook",
    "panel": "Hostile input at the panel",
    "marks": "Marked values of customers",
    "rotation": "Rotation of the master key under load",
    "inbox": "Keys of the inbox under load",
    "sessions": "Change of SECRET_KEY under load",
    "tls": "TLS of nginx before the application",
    "upgrade": "Migration under the former version, and a rolling restart",
    "api": "Generated requests to the API",
    "backup": "Backup, loss and restore",
    "production": "The installation of docker compose, without Docker",
    "alerts": "Killed and frozen processes",
    "certificates": "A year of certificate reminders",
}


def main() -> int:
    """Run the parts, print, and write when asked; 0 when nothing was found."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes are ended, too
    process_system.build_models()
    parts: dict[str, Callable[[], Outcome]] = {
        "webhook": lambda: webhook_fuzz.run(
            options.bodies, options.answered, options.seed, options.senders
        ),
        "panel": lambda: hostile_panel.run(options.inputs, options.seed),
        "marks": marked_values.run,
        "rotation": lambda: rotation_under_load.run(options.contacts, options.seed),
        "inbox": lambda: inbox_key_rotation.run(options.seed),
        "sessions": lambda: session_key_rotation.run(options.seed),
        "tls": tls_scan.run,
        "upgrade": upgrade_under_load.run,
        "backup": lambda: restore_drill.run(options.messages),
        "certificates": lambda: certificate_year.run(options.certificates, options.seed),
        "production": production_rehearsal.run,
        "alerts": killed_processes.run,
        "api": lambda: generated_requests.run(options.requests, options.seed),
    }
    found, commit = 0, _commit()
    for name in options.parts or parts:
        began = time.monotonic()
        outcome = parts[name]()
        found += len(outcome.findings)
        lines = _section(outcome, commit, options.seed, time.monotonic() - began)
        sys.stdout.write("\n".join(["", f"## {TITLES[name]}", "", *lines, ""]))
        for finding in outcome.findings[:MOST_TOLD]:
            sys.stderr.write(f"FOUND {finding}\n")
        if options.write:
            _write(name, lines)
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*TITLES, []], metavar="PART")
    parser.add_argument(
        "--bodies", type=int, default=1_000_000, help="at the webhook, to be stored"
    )
    parser.add_argument("--answered", type=int, default=5_000, help="bodies to be answered, too")
    parser.add_argument("--senders", type=int, default=2, help="processes that send bodies")
    parser.add_argument("--inputs", type=int, default=10_000, help="hostile ones of the panel")
    parser.add_argument("--contacts", type=int, default=10_000, help="whose keys are rotated")
    parser.add_argument("--requests", type=int, default=5_000, help="generated ones to the API")
    parser.add_argument("--messages", type=int, default=100_000, help="backed up and restored")
    parser.add_argument("--certificates", type=int, default=50_000, help="that end in a year")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    return parser.parse_args()


def _section(outcome: Outcome, commit: str, seed: int, seconds: float) -> list[str]:
    """A part as Markdown: when and at which commit, its figures, and what it found."""
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    found = len(outcome.findings)
    told = f"{when}, commit {commit}, seed {seed}, {seconds:.0f} s. Found: {found or 'nothing'}."
    kinds = sorted({finding.what for finding in outcome.findings})
    return [
        told,
        "",
        "| | |",
        "|---|---|",
        *(f"| {what} | {figure} |" for what, figure in outcome.figures.items()),
        *([f"\nKinds of findings: {'; '.join(kinds)}."] if kinds else []),
    ]


def _commit() -> str:
    """The commit of the files here, marked when files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    done = subprocess.run(
        command, cwd=process_system.PROJECT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _write(name: str, lines: list[str]) -> None:
    """Put a part's section into the page in place of its former one."""
    former = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    sections = dict(_sections(former))
    sections[TITLES[name]] = "\n".join(lines)
    kept = [f"## {title}\n\n{sections[title]}" for title in TITLES.values() if title in sections]
    PAGE.write_text("\n\n".join([HEAD.rstrip(), *kept]) + "\n", encoding="utf-8")


def _sections(page: str) -> list[tuple[str, str]]:
    """Titles and texts of the sections of a page."""
    parts = page.split("\n## ")[1:]
    split = [part.partition("\n") for part in parts]
    return [(title.strip(), text.strip()) for title, _, text in split]


if __name__ == "__main__":
    sys.exit(main())
