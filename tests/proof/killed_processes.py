"""Each process and store is killed, and then frozen: what it is needed for is not ready, all else
is, and an alert of ours fires within half a minute.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx
import psutil

from tests.process_system import free_port, until
from tests.prometheus_server import firing_alerts, is_scraped, running_prometheus
from tests.proof.proof_system import Outcome, ProofSystem, proof_system

MOST_SECONDS = {"killed": 30.0, "frozen": 45.0}
"""To the alert (docs/decisions/0057); of a web process that hangs the time-outs of Prometheus come
on top."""
PATIENCE = 60.0
"""Seconds after which nothing is expected any more."""
AGAIN = 150.0
"""Seconds in which everything works again and no alert fires."""
PAUSE = 0.2
UNREACHABLE = 0
Readiness = Mapping[str, int]
"""What /health/ready answers, by scope; 0 when nothing answers in time."""
READY: Readiness = {"store": 200, "work": 200, "all": 200}


@dataclass(frozen=True)
class Victim:
    """A process or store, what its end must show, and how it comes back."""

    name: str
    alert: str
    readiness: Readiness


NOT_WORKING: Readiness = {"store": 200, "work": 503, "all": 503}
SILENT: Readiness = dict.fromkeys(READY, UNREACHABLE)
VICTIMS = (
    Victim("worker", "GatteWorkerDown", NOT_WORKING),
    Victim("scheduler", "GatteSchedulerDown", NOT_WORKING),
    Victim("redis", "GatteRedisDown", NOT_WORKING),
    Victim("postgres", "GattePostgresDown", {"store": 503, "all": 503}),
    Victim("web", "GatteWebDown", SILENT),
)


def run() -> Outcome:
    """Kill and freeze each, and tell how long readiness and alert took."""
    outcome = Outcome()
    with proof_system(GATTE_LOG_LEVEL="ERROR", WEB_CONCURRENCY="2") as proof:
        proof.system.start()
        proof.system.wait_until_ready()
        url = f"http://127.0.0.1:{free_port()}"
        with running_prometheus(proof.folder / "prometheus", url, proof.system.port):
            if not until(lambda: is_scraped(url), PATIENCE, PAUSE):
                raise TimeoutError("Prometheus reads nothing")
            for victim in VICTIMS:
                for deed, end, revive in (("killed", kill, start), ("frozen", freeze, thaw)):
                    _end_one(proof, url, victim, deed, end, outcome)
                    revive(proof, victim)
                    _wait_until_well(proof, url)
    return outcome


Deed = Callable[[ProofSystem, Victim], None]


def kill(proof: ProofSystem, victim: Victim) -> None:
    """kill -9 of a process or store with its children."""
    if victim.name == "postgres":
        proof.postgres.crash()
    elif victim.name == "redis":
        proof.valkey.crash()
    else:
        proof.system.kill(victim.name)


def start(proof: ProofSystem, victim: Victim) -> None:
    """Start what was killed."""
    if victim.name == "postgres":
        proof.postgres.start()
    elif victim.name == "redis":
        proof.valkey.start()
    else:
        proof.system.start(victim.name)


def freeze(proof: ProofSystem, victim: Victim) -> None:
    """Stop a process or store with its children, as a machine that hangs does."""
    _signal_all(proof, victim, signal.SIGSTOP)


def thaw(proof: ProofSystem, victim: Victim) -> None:
    """Let what was frozen go on."""
    _signal_all(proof, victim, signal.SIGCONT)


def _signal_all(proof: ProofSystem, victim: Victim, number: signal.Signals) -> None:
    stores = {"postgres": proof.postgres.pid, "redis": proof.valkey.pid}
    pid = stores.get(victim.name) or proof.system.processes[victim.name].pid
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        with suppress(ProcessLookupError):
            os.kill(one.pid, number)


def _end_one(
    proof: ProofSystem, url: str, victim: Victim, deed: str, end: Deed, outcome: Outcome
) -> None:
    """End one and note after how many seconds readiness and alert say so."""
    end(proof, victim)
    began = time.monotonic()
    shown: float | None = None
    told: float | None = None
    while (shown is None or told is None) and time.monotonic() - began < PATIENCE:
        if shown is None and _shows(proof, victim):
            shown = time.monotonic() - began
        if told is None and victim.alert in firing_alerts(url):
            told = time.monotonic() - began
        time.sleep(PAUSE)
    what = f"{victim.name} {deed}"
    if shown is None:
        outcome.fail(f"readiness of a {what}", f"{readiness(proof)}, not {victim.readiness}")
    if told is None or told > MOST_SECONDS[deed]:
        outcome.fail(f"{victim.alert} of a {what}", f"after {told} s: {firing_alerts(url)}")
    figures = [f"{seconds:.0f} s" if seconds is not None else "never" for seconds in (shown, told)]
    outcome.figures[f"{what}: not ready, {victim.alert} after"] = ", ".join(figures)


def _shows(proof: ProofSystem, victim: Victim) -> bool:
    return victim.readiness.items() <= readiness(proof).items()


def readiness(proof: ProofSystem) -> Readiness:
    """What the web processes say now."""
    return {scope: _status(f"{proof.url}/health/ready?scope={scope}") for scope in READY}


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=10).status_code
    except httpx.HTTPError:
        return UNREACHABLE


def _wait_until_well(proof: ProofSystem, url: str) -> None:
    """Everything works again, and no process is told as away."""
    ours = {victim.alert for victim in VICTIMS}
    well = until(lambda: readiness(proof) == READY and not ours & firing_alerts(url), AGAIN, PAUSE)
    if not well:
        said = f"{readiness(proof)}, {firing_alerts(url)}"
        raise TimeoutError(f"not well again: {said}\n{proof.system.log_tail()}")
