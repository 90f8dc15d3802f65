"""Small facts about this installation, kept in files between starts: ports and passwords."""

import secrets
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def kept_password(path: Path) -> str:
    """The password in a file that only we can read; made on first use."""
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(12))
        draft.rename(path)
    return path.read_text().strip()


def kept_port(path: Path) -> int:
    """The port of the last start when it is free, else another free one, which is then kept."""
    last = int(path.read_text()) if path.exists() else 0
    keeps_last = last and port_is_free(last)
    port = last if keeps_last else free_port()
    path.write_text(str(port))
    return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
