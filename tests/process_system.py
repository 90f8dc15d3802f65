"""The real system in real processes: web, worker and scheduler, as an operator would start them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from devstack.postgres import APPLICATION, as_role

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MODELS = PROJECT / ".gatte" / "tests"  # models that were trained once serve every test
READY_PATIENCE = 180.0

APP_SECRET = "app-secret-of-the-tests"
VERIFY_TOKEN = "verify-token-of-the-tests"
ENCRYPTION_KEYS = "test:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="
NUMBER = "106540352242922"

COMMANDS = {"web": ["gunicorn"], "worker": ["flask", "worker"], "scheduler": ["flask", "scheduler"]}


def build_models() -> None:
    """Make the model files that tests load, unless they are there: two minutes after a change."""
    command = [sys.executable, "-m", "gatte.intelligence.build", str(MODELS / "models")]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def process_environment(given: dict[str, str], project: Path = PROJECT) -> dict[str, str]:
    """The environment of a process of ours: what is given, and nothing of this machine's but where
    to find programs.
    """
    kept = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}
    }
    return {**kept, "PYTHONPATH": str(project), **given}


@dataclass
class System:
    """Processes of GATTE over one database and one Redis; each can be killed and started again.

    The code is that of `project`, run by the programs of `binaries`.
    """

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    project: Path = PROJECT
    binaries: Path = BIN

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names: str, **more: str) -> None:
        """Start these processes (all when none is named), logs going to files; `more` is
        environment. "worker:2" is a second worker.
        """
        environment = {**self._environment(), **more}
        for name in names or COMMANDS:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self._command(name),
                    cwd=self.project,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _command(self, name: str) -> list[str]:
        kind = name.partition(":")[0]
        program, *arguments = COMMANDS[kind]
        application = [self.environment.get("APPLICATION", "wsgi:app")] if kind == "web" else []
        return [str(self.binaries / program), *arguments, *application]

    def _environment(self) -> dict[str, str]:
        bind = {
            "GATTE_BIND": f"127.0.0.1:{self.port}",
            "PYTHONUNBUFFERED": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
            "GATTE_ERASURE_LEDGER": str(self.folder / "erasures.jsonl"),
        }
        return process_environment({**bind, **self.environment}, self.project)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of flask beside the processes, to its end."""
        return subprocess.run(
            [str(self.binaries / "flask"), *arguments],
            cwd=self.project,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def kill(self, name: str) -> None:
        """kill -9 of a process and all its children."""
        self._signal(name, signal.SIGKILL)

    def terminate(self, name: str) -> int:
        """SIGTERM, and the exit code."""
        self._signal(name, signal.SIGTERM)
        return self.processes[name].returncode

    def _signal(self, name: str, signum: int) -> None:
        process = self.processes[name]
        if process.poll() is None:
            os.killpg(process.pid, signum)
        process.wait(30)

    def stop(self) -> None:
        """Stop what still runs, politely and then not."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for name, process in self.processes.items():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def wait_until_ready(self, patience: float = READY_PATIENCE) -> None:
        """Return when `/health/ready` says so; TimeoutError shows what it said last and the logs'
        ends.
        """
        said = until(lambda: self._readiness() == "ready", patience)
        if not said:
            raise TimeoutError(f"not ready: {self._readiness()}\n{self.log_tail()}")

    def _readiness(self) -> str:
        try:
            answer = httpx.get(f"{self.url}/health/ready", timeout=5)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "ready" if answer.status_code == 200 else answer.text

    def log(self, name: str = "*") -> str:
        """All log lines of a process, or of all, so far."""
        return "\n".join(
            path.read_text(errors="replace") for path in sorted(self.folder.glob(f"{name}.log"))
        )

    def log_tail(self, length: int = 3000) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-length:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


# seconds: no promise, only the end of a wait for what does not come on the busiest machine
PATIENCE = 60.0


def until(true: Callable[[], bool], patience: float = PATIENCE, pause: float = 0.05) -> bool:
    """Whether something came true before patience ended."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(pause)
    return bool(true())


def never(true: Callable[[], bool], seconds: float) -> bool:
    """Whether something stayed untrue for so long."""
    return not until(true, seconds)


def least_seconds(tries: int, takes: Callable[[], None]) -> float:
    """What something takes where nothing else holds the machine up: the shortest of some tries."""
    lasted = []
    for _ in range(tries):
        started = time.monotonic()
        takes()
        lasted.append(time.monotonic() - started)
    return min(lasted)


def settings(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """The environment of a system under test, with secrets of its own; it connects as the
    application's role to the database that tests see as the superuser.
    """
    return {
        "DATABASE_URL": as_role(database_url, APPLICATION),
        "REDIS_URL": redis_url,
        "GATTE_DATA_DIR": str(MODELS),
        "GATTE_LOG_FORMAT": "json",
        "SECRET_KEY": "a-secret-key-of-the-tests-4f9c1e7b",
        "GATTE_ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
        "GATTE_BUSINESS_HOURS": "sempre",
        **more,
    }


@contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator[System]:
    """The whole system, ready; stopped at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    system = System(folder, environment)
    try:
        system.start()
        system.wait_until_ready()
        yield system
    finally:
        system.stop()


def prepare(environment: dict[str, str], project: Path = PROJECT) -> None:
    """Load the demo articles into a migrated database, by the code of a folder."""
    command = [str(BIN / "flask"), "demo", "load"]
    done = subprocess.run(
        command,
        cwd=project,
        env=process_environment(environment, project),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
