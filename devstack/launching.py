"""How a store's server is started: never as root, and never left behind when its starter is killed."""

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

UNPRIVILEGED_USER = "nobody"
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}  # include/uapi/linux/capability.h; the weaker one first


def runs_as_root() -> bool:
    return os.geteuid() == 0


def store_owner() -> pwd.struct_passwd:
    """Who owns the data of the stores: us, or `nobody` when we are root, as which Postgres refuses to run."""
    return pwd.getpwnam(UNPRIVILEGED_USER) if runs_as_root() else pwd.getpwuid(os.geteuid())


def guarded(command: Sequence[str | Path], death_signal: str) -> list[str]:
    """The command as the owner of the stores, which gets `death_signal` from the kernel when its starter dies."""
    plain = [str(part) for part in command]
    setpriv = shutil.which("setpriv")
    if setpriv is None:  # not Linux, or a Linux without util-linux: a stale server is then found at the next start
        return plain
    return [setpriv, "--pdeathsig", death_signal, *_dropping_root(), "--", *plain]


def _dropping_root() -> list[str]:
    """Become `nobody`, who may still read the way to our files: a checkout below /root/ is closed to others."""
    if not runs_as_root():
        return []
    owner = store_owner()
    switch = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    capability = _held_capability()
    return [*switch, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"] if capability else switch


def _held_capability() -> str | None:
    status = Path("/proc/self/status").read_text()
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    return next((name for name, bit in CAPABILITIES.items() if effective >> bit & 1), None)
