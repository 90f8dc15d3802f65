"""The former version runs under load while the schema is migrated and its processes are replaced
one after another: nothing is lost, answered twice, or unreadable.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.app_fixture import application
from tests.fakes.people import person
from tests.process_system import APP_SECRET, MODELS, PROJECT, process_environment, until
from tests.proof.marked_values import say
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.rotation_under_load import BAD_TURNS, UNPROCESSED, Customers, open_everything
from tests.proof.webhook_fuzz import tell_exceptions

FORMER = "b58b6a20ffd4d3abb90ef9137117a42ae91094eb"
"""The last commit of schema 0018."""
PROCESSES = ("scheduler", "worker", "web")
"""In the order in which docs/upgrade.md has them replaced."""
SECONDS_BEFORE = 6.0
SECONDS_BETWEEN = 5.0
SCHEMA = "SELECT version_num FROM schema_version"
ANSWERS = "SELECT count(*) FROM outbox WHERE state NOT IN ('accepted', 'sent', 'delivered', 'read')"


class NoHistory(Exception):
    """The former version cannot be had: the repository holds no such commit."""


def run() -> Outcome:
    """Migrate under the former version and replace it; a part that is skipped says why."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="gatte-former-") as folder:
        former = Path(folder)
        try:
            check_out(former)
        except NoHistory as missing:
            outcome.figures["skipped"] = str(missing)
            return outcome
        _build_models(former)
        with proof_system(
            project=former,
            GATTE_WORKER_PROCESSES="1",
            WEB_CONCURRENCY="1",
            GATTE_UNCERTAIN_GRACE_SECONDS="5",
            GATTE_LEASE_SECONDS="8",
        ) as proof:
            _upgrade(proof, outcome)
    return outcome


def check_out(folder: Path) -> None:
    """Put the files of the former version into a folder; NoHistory when the commit is not here."""
    archived = subprocess.run(
        ["git", "archive", FORMER], cwd=PROJECT, capture_output=True, check=False
    )
    if archived.returncode != 0:
        raise NoHistory(f"this repository has no commit {FORMER[:7]}: fetch its whole history")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archived.stdout, check=True)


def _build_models(former: Path) -> None:
    command = [sys.executable, "-m", "gatte.intelligence.build", str(MODELS / "models")]
    environment = process_environment({}, former)
    subprocess.run(command, cwd=former, env=environment, check=True, stdout=subprocess.DEVNULL)


def _upgrade(proof: ProofSystem, outcome: Outcome) -> None:
    before = proof.query(SCHEMA)[0][0]
    proof.system.start()
    proof.system.wait_until_ready()
    proof.meta.post_statuses(f"{proof.url}/webhook/whatsapp", APP_SECRET)
    customers = Customers(proof.url)
    customers.start()
    began = time.monotonic()
    try:
        time.sleep(SECONDS_BEFORE)
        wrote_before = len(customers.acknowledged)
        migrated = _migrate(proof)
        if migrated.returncode:
            outcome.fail("the migration failed", migrated.stdout[-2000:] + migrated.stderr[-2000:])
        time.sleep(SECONDS_BETWEEN)  # the former version over the schema of this one
        wrote_between = len(customers.acknowledged) - wrote_before
        proof.system.project = PROJECT
        for name in PROCESSES:
            proof.system.terminate(name)
            proof.system.start(name)
            time.sleep(SECONDS_BETWEEN)
        proof.system.wait_until_ready()
        time.sleep(SECONDS_BETWEEN)
    finally:
        customers.stop()
    seconds = time.monotonic() - began
    _tell(proof, outcome, customers)
    outcome.figures |= {
        "schema before and after": f"{before}, {proof.query(SCHEMA)[0][0]}",
        "customers who wrote before, between, in all": (
            f"{wrote_before:,}, {wrote_between:,}, {len(customers.acknowledged):,}"
            f" in {seconds:.0f} s"
        ),
        "refused meanwhile and delivered again": str(sum(customers.refused.values())),
    }


def _migrate(proof: ProofSystem) -> subprocess.CompletedProcess[str]:
    """`flask migrate` of this version beside the processes of the former one."""
    migrator = {"GATTE_MIGRATION_DATABASE_URL": proof.database}
    return subprocess.run(
        [str(proof.system.binaries / "flask"), "migrate"],
        cwd=PROJECT,
        env=process_environment({**proof.system.environment, **migrator}),
        capture_output=True,
        text=True,
        check=False,
    )


def _tell(proof: ProofSystem, outcome: Outcome, customers: Customers) -> None:
    """What must hold afterwards: all is answered, once; who wrote before is known; all opens."""
    expected = set(customers.acknowledged)
    until(lambda: not expected - set(_heard(proof)), 120, 0.5)
    until(lambda: proof.count(UNPROCESSED) == 0, 60, 0.5)
    until(lambda: proof.count(ANSWERS) == 0, 60, 0.5)
    heard = _heard(proof)
    if silent := expected - set(heard):
        outcome.fail("customers not answered", f"{len(silent)}: {sorted(silent)[:5]}")
    if twice := [phone for phone, count in heard.items() if count > 1]:
        outcome.fail("customers answered twice", f"{len(twice)}: {sorted(twice)[:5]}")
    for what, sql in (("turns that failed", BAD_TURNS), ("messages unprocessed", UNPROCESSED)):
        if count := proof.count(sql):
            outcome.fail(what, str(count))
    contacts = proof.count("SELECT count(*) FROM contact")
    _write_again(proof, outcome)
    if proof.count("SELECT count(*) FROM contact") != contacts:
        outcome.fail("a customer of before is not known", "a second contact was made")
    tell_exceptions(proof, outcome)
    with (
        application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app,
        app.app_context(),
    ):
        opened, unreadable = open_everything(outcome)
    outcome.figures["sealed values opened, unreadable"] = f"{opened:,}, {unreadable}"


def _write_again(proof: ProofSystem, outcome: Outcome) -> None:
    """The first customer of all, who wrote to the former version, writes once more."""
    who = person(1)
    say(proof, who, "menu")
    if not until(lambda: _heard(proof)[str(who.phone)] > 1, 60):
        outcome.fail("a customer of before is not answered", str(who.phone))


def _heard(proof: ProofSystem) -> Counter[str]:
    return Counter(str(record["to"]) for record in list(proof.meta.messages))
