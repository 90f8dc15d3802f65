"""`python -m deployment.dockerfile_rehearsal FOLDER`: the Dockerfile's steps, run without Docker.

As root, with debootstrap: FOLDER/base becomes a Debian with Python in place of the image that each
stage begins with, and each stage is a copy of it in which ENV, WORKDIR, COPY, RUN and USER do what
Docker does. RUN runs in a chroot. At the end the image's command is asked for its version as the
image's user, to whom the root file system is closed for writing. Exit code 0 when all went well.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[1]
DEBIAN = "bookworm"
PYTHON = ("python3.11", "python3.11-venv")
# How pip and apt reach their registries from here.
OF_THIS_HOST = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    "/etc/xdg/pip",
    str(Path.home() / ".config" / "pip"),
    "/etc/apt",
    "/etc/ssl/certs/ca-certificates.crt",
)


@dataclass
class Stage:
    """One FROM of a Dockerfile, as far as it has been run."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"

    def inside(self, path: str) -> Path:
        """A path of the stage as this host sees it."""
        absolute = path if path.startswith("/") else f"{self.folder}/{path}"
        return self.root / absolute.lstrip("/")


class StepFailed(Exception):
    """A step ended with an error; the message names it."""


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Each instruction and what it is given; comments gone, continued lines joined."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    steps = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(name.upper(), rest.strip()) for name, rest in steps]


def taken_files(dockerignore: str) -> list[str]:
    """What .dockerignore, which leaves out all and takes back by name, gives to the builder."""
    return [line[1:] for line in dockerignore.splitlines() if line.startswith("!")]


class Rehearsal:
    """A run of a Dockerfile in a folder; stages by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stages: dict[str, Stage] = {}
        self.stage = Stage(folder)
        self.command: list[str] = []

    def run(self, steps: list[tuple[str, str]]) -> None:
        does = {
            "FROM": self._from,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "RUN": self._run,
            "USER": self._user,
            "CMD": self._cmd,
        }
        for name, given in steps:
            began = time.monotonic()
            if name in does:  # EXPOSE and others only describe
                does[name](given)
            _say(f"{time.monotonic() - began:6.1f} s  {name} {given[:90]}")

    def _from(self, given: str) -> None:
        name = given.split()[2] if " AS " in given else "final"
        root = self.folder / name
        subprocess.run(["cp", "-a", self._base(), root], check=True)
        self.stage = self.stages[name] = Stage(root)

    def _base(self) -> Path:
        """A Debian with Python, made once; it stands for the image that a stage begins with."""
        base = self.folder / "base"
        if base.exists():
            return base
        bootstrap = [
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates",
            DEBIAN,
            str(base),
        ]
        subprocess.run(bootstrap, check=True, stdout=subprocess.DEVNULL)
        for path in filter(Path.exists, map(Path, OF_THIS_HOST)):
            _copy(path, base / str(path).lstrip("/"))
        self.stage = Stage(base)
        self.in_chroot(["apt-get", "update"])
        self.in_chroot(["apt-get", "install", "-y", "--no-install-recommends", *PYTHON])
        (base / "usr/bin/python").symlink_to("python3.11")
        return base

    def _env(self, given: str) -> None:
        for pair in shlex.split(given):
            name, _, value = pair.partition("=")
            path = self.stage.environment.get(
                "PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            )
            self.stage.environment[name] = value.replace("$PATH", path)

    def _workdir(self, given: str) -> None:
        self.stage.folder = given
        self.stage.inside(given).mkdir(parents=True, exist_ok=True)

    def _copy(self, given: str) -> None:
        *sources, target = given.split()
        if sources[0].startswith("--from="):
            other = self.stages[sources.pop(0).removeprefix("--from=")]
            _copy(other.inside(sources[0]), self.stage.inside(target))
            return
        names = (
            taken_files((PROJECT / ".dockerignore").read_text()) if sources == ["."] else sources
        )
        for name in names:
            _copy(PROJECT / name, self.stage.inside(target) / name)

    def _run(self, given: str) -> None:
        self.in_chroot(["sh", "-c", given])

    def _user(self, given: str) -> None:
        self.stage.user = given

    def _cmd(self, given: str) -> None:
        self.command = shlex.split(given.strip("[]").replace(",", " "))

    def in_chroot(self, command: list[str]) -> str:
        """Run a command in the stage as its user; its output. StepFailed with its last lines."""
        environment = [f"{name}={value}" for name, value in self.stage.environment.items()]
        path = [] if "PATH" in self.stage.environment else ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        there = f"cd {shlex.quote(self.stage.folder)} && exec {shlex.join(command)}"
        chroot = ["chroot", f"--userspec={self.stage.user}", str(self.stage.root)]
        whole = [*chroot, "env", "-i", "HOME=/root", *path, *environment, "sh", "-c", there]
        # programs find their libraries by /proc; its mount ends with the namespace
        mounted = f"mount -t proc proc {self.stage.root}/proc && exec {shlex.join(whole)}"
        isolated = ["unshare", "--mount", "sh", "-c", mounted]
        done = subprocess.run(isolated, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StepFailed(f"{shlex.join(command)[:200]}:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout + done.stderr


def _copy(source: Path, target: Path) -> None:
    """Copy a file or what is in a folder, over what is there, without caches of Python."""
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["cp", "-aT", "--remove-destination", str(source), str(target)]
    subprocess.run(command, check=True)
    for cache in list(target.rglob("__pycache__")) if source.is_relative_to(PROJECT) else ():
        shutil.rmtree(cache)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def try_image(rehearsal: Rehearsal) -> None:
    """What the finished image must do: start its command as its user, own no program, know pg_dump.

    StepFailed when one does not hold.
    """
    _say(rehearsal.in_chroot([rehearsal.command[0], "--version"]).strip())
    _say(
        rehearsal.in_chroot(
            ["python", "-c", "import gatte.jobs.definitions; print('imports')"]
        ).strip()
    )
    _say(rehearsal.in_chroot(["sh", "-c", "$GATTE_POSTGRES_BIN_DIR/pg_dump --version"]).strip())
    writable = (
        "find / -xdev -writable -type d ! -path '/proc/*' ! -path '/tmp*' ! -path '/var/tmp*'"
    )
    found = rehearsal.in_chroot(["sh", "-c", f"{writable} 2>/dev/null || true"]).split()
    if set(found) - {"/ledger", "/media", "/backups", "/run/lock", "/dev/shm", "/dev/mqueue"}:  # noqa: S108
        raise StepFailed(f"the image's user can write to {', '.join(sorted(found))}")
    size = subprocess.run(
        ["du", "-sm", rehearsal.stage.root], capture_output=True, text=True, check=True
    )
    _say(f"{size.stdout.split()[0]} MB, base included")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, help="empty or new; takes some 3 GB")
    rehearsal = Rehearsal(arguments.parse_args().folder.resolve())
    rehearsal.folder.mkdir(parents=True, exist_ok=True)
    try:
        rehearsal.run(instructions((PROJECT / "Dockerfile").read_text()))
        try_image(rehearsal)
    except StepFailed as failed:
        _say(f"FAILED  {failed}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
