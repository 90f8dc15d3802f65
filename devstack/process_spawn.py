"""How a store's server is started: never as root, and ended when its starter is killed."""

import ctypes
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h
UNPRIVILEGED_USER = "nobody"
# Their bits in include/uapi/linux/capability.h.
CAPABILITIES = {"dac_override": 1, "dac_read_search": 2, "setpcap": 8}
READING = ("dac_read_search", "dac_override")  # the weaker one first


def runs_as_root() -> bool:
    return os.geteuid() == 0


def store_owner() -> pwd.struct_passwd:
    """Who owns the data of the stores: us, or `nobody` when we are root, as which Postgres refuses
    to run.
    """
    return pwd.getpwnam(UNPRIVILEGED_USER) if runs_as_root() else pwd.getpwuid(os.geteuid())


def guarded(command: Sequence[str | Path], death_signal: str) -> list[str]:
    """The command as the owner of the stores, which gets `death_signal` from the kernel when its
    starter dies.
    """
    plain = [str(part) for part in command]
    setpriv = shutil.which("setpriv")
    # Not Linux, or a Linux without util-linux: a stale server is then found at the next start.
    if setpriv is None:
        return plain
    return [setpriv, "--pdeathsig", death_signal, *_dropping_root(), "--", *plain]


def die_with_parent() -> None:
    """Have the kernel send us SIGTERM when our parent (make) is killed; elsewhere than on Linux
    nothing happens.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _dropping_root() -> list[str]:
    """Become `nobody`, who may still read the way to our files: a checkout below /root/ is closed
    to others.
    """
    if not runs_as_root():
        return []
    owner = store_owner()
    switch = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    held = _held_capabilities()
    reading = next((name for name in READING if name in held), None)
    # A narrow container: its files must then be open to `nobody`.
    if reading is None or "setpcap" not in held:
        return switch
    return [
        *switch,
        f"--inh-caps=+{reading}",
        f"--ambient-caps=+{reading}",
        "--securebits=+no_setuid_fixup",
    ]


def _held_capabilities() -> set[str]:
    status = Path("/proc/self/status").read_text()
    effective = next(
        int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")
    )
    return {name for name, bit in CAPABILITIES.items() if effective >> bit & 1}
