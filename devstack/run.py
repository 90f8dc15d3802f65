"""`make run`: everything on this machine, from one command, until Ctrl-C."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import honcho.manager
from honcho.environ import parse_procfile
from honcho.manager import Manager

from devstack import supervise
from devstack.console import Console
from devstack.process_spawn import die_with_parent
from devstack.store_process import StoreFailed, last_lines
from devstack.workspace import STORE_URLS, AlreadyRunning, BadPort, Workspace

DEMO_USER = "admin@gatte.local"
READY_SECONDS = 180.0
EX_FAILED = 1


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP, which stays so; a shell's & ignores SIGINT.
        if signal.getsignal(number) is not signal.SIG_IGN or number is signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
    die_with_parent()
    installation = Workspace.here()
    terminal = Console(installation.folder / "logs")
    try:
        with installation.locked(), installation.stores() as urls:
            return run(installation, terminal, urls)
    except AlreadyRunning as running:
        terminal.say(
            f"GATTE is running already from this folder ({running}). Stop it with Ctrl-C there."
        )
    except BadPort as problem:
        terminal.say(f"GATTE did not start: bad setting: {problem}")
        return os.EX_CONFIG
    except (StoreFailed, Failed) as problem:
        terminal.say(f"GATTE did not start: {problem}")
    except KeyboardInterrupt:
        terminal.say("Stopped.")
        return 0
    return EX_FAILED


class Failed(Exception):
    """A step before the start failed."""


def run(installation: Workspace, terminal: Console, urls: dict[str, str]) -> int:
    """Migrate, load the demo content beside the start of the Procfile's processes, run these; the
    exit code.
    """
    terminal.say("Starting...")
    wanted, port = installation.web_port()
    panel = f"http://127.0.0.1:{port}/"
    environment = _environment(installation, urls, port)
    installation.note(f"process {os.getpid()}, {panel}")
    build = [sys.executable, "-m", "gatte.intelligence.build", str(installation.folder / "models")]
    model = Step("model", build, environment, terminal.folder)
    Step("migrate", ["flask", "migrate"], environment, terminal.folder).wait()
    if model.runs:
        terminal.say("Training the local model (about two minutes, only now)...")
    model.wait()
    demo = Step("demo", ["flask", "demo", "load"], environment, terminal.folder)
    manager = _manager(installation, terminal, environment)
    welcome = _welcome(installation, panel, wanted, port)
    threading.Thread(
        target=_announce, args=(manager, demo, panel, welcome, terminal.say), daemon=True
    ).start()
    manager.loop()
    if manager.returncode in STOPPED:
        terminal.say("Stopped.")
        return 0
    terminal.say(f"GATTE ended with code {manager.returncode}; see {terminal.folder}/")
    return EX_FAILED


STOPPED = {0, 128 + signal.SIGINT, 128 + signal.SIGTERM}


def _environment(installation: Workspace, urls: dict[str, str], port: int) -> dict[str, str]:
    """The settings of every process. Only this machine can reach the panel."""
    folder = installation.folder
    ours = {
        "PORT": str(port),
        "GATTE_BIND": f"127.0.0.1:{port}",
        "GATTE_DATA_DIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "MALLOC_ARENA_MAX": "2",  # threads would each hoard memory
    }
    demo = {"GATTE_DEMO_USER": DEMO_USER, "GATTE_DEMO_PASSWORD": installation.panel_password()}
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    path = {"PATH": os.pathsep.join(programs)}
    return {**os.environ, **urls, **ours, **demo, **path}


class Step:
    """A command that must succeed, started at once; its output goes to a log of its own."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str], logs: Path
    ) -> None:
        self._command = " ".join(command)
        self._log = logs / f"{name}.log"
        with self._log.open("w") as output:
            self._process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Return when it succeeded; else Failed, with the last lines of its log."""
        if (code := self._process.wait()) != 0:
            raise Failed(
                f"`{self._command}` ended with code {code} "
                f"(all of it in {self._log}):\n{last_lines(self._log)}"
            )


def _manager(installation: Workspace, terminal: Console, environment: dict[str, str]) -> Manager:
    # The supervisors kill before honcho does, and say so by their end.
    honcho.manager.KILL_WAIT = supervise.STOP_SECONDS + 3
    manager = Manager(terminal)
    processes = parse_procfile((installation.project / "Procfile").read_text()).processes
    for name, command in processes.items():
        kept = (
            f"exec {shlex.quote(sys.executable)} -m devstack.supervise {os.getpid()} -- {command}"
        )
        manager.add_process(name, kept, env=environment, cwd=str(installation.project))
    return manager


def _announce(
    manager: Manager, demo: Step, panel: str, welcome: list[str], say: Callable[[str], None]
) -> None:
    """Say where it is once it answers. It ends with the process: a daemon thread."""
    time.sleep(0.2)  # honcho forks meanwhile, and a fork is safest while no other thread works
    try:
        demo.wait()
    except Failed as failed:
        say(f"No demo content: {failed}")
    deadline = time.monotonic() + READY_SECONDS
    while manager.returncode is None and not _ready(f"{panel}health/ready"):
        if time.monotonic() > deadline:
            say(f"Not ready after {READY_SECONDS:.0f} s: {panel}health/ready says why.")
            return
        time.sleep(0.25)
    if manager.returncode is None:
        say("\n".join(welcome))


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _welcome(installation: Workspace, panel: str, wanted: int, port: int) -> list[str]:
    """At most twelve lines: where, who, what is simulated, where the logs are."""
    given = installation.given
    folder = installation.folder.name
    taken = f"  (port {wanted} is taken)" if port != wanted else ""
    whatsapp = f"simulated: chat as a customer at {panel}panel/simulador"
    if "WHATSAPP_ACCESS_TOKEN" in given:
        whatsapp = "the real one"
    ai = "simulated: the local models answer (no GEMINI_API_KEY)"
    if "GEMINI_API_KEY" in given:
        ai = "Gemini"
    stores = f"embedded, kept in {folder}/"
    given_urls = [name for name in STORE_URLS if name in given]
    if given_urls:
        stores = "from " + " and ".join(given_urls)
    return [
        f"GATTE is running at {panel}{taken}",
        f"  log in     {DEMO_USER}  {installation.panel_password()}  (the first time)",
        f"  WhatsApp   {whatsapp}",
        f"  AI         {ai}",
        f"  stores     {stores}",
        f"  logs       {folder}/logs/  (errors show here)",
        "  stop       Ctrl-C",
    ]


if __name__ == "__main__":
    sys.exit(main())
