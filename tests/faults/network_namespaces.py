"""Hosts of their own on one machine: network namespaces, each with a link to this one that can be
cut. Needs root and iproute2.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.process_system import System

NETWORK = "10.213"


def possible() -> str:
    """Why there can be no other hosts here; nothing when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need iproute2"
    probe = f"gatte-probe-{os.getpid()}"  # two processes may ask at the same time
    tried = subprocess.run(
        ["ip", "netns", "add", probe], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        return f"no network namespaces here: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return ""


@dataclass(frozen=True)
class Host:
    """A namespace, the address under which it sees this machine, and its own."""

    name: str
    number: int

    @property
    def gateway(self) -> str:
        return f"{NETWORK}.{self.number}.1"

    @property
    def link(self) -> str:
        return f"gatte{self.number}"

    def cut(self) -> None:
        """Let no packet through from now on."""
        _ip("link", "set", self.link, "down")

    def reconnect(self) -> None:
        _ip("link", "set", self.link, "up")


@contextmanager
def host(number: int) -> Iterator[Host]:
    """A host, linked to this one; gone at the end."""
    made = Host(f"gatte-test-{number}", number)
    _remove(made)
    _ip("netns", "add", made.name)
    try:
        _ip("link", "add", made.link, "type", "veth", "peer", "name", "eth0", "netns", made.name)
        _ip("addr", "add", f"{made.gateway}/24", "dev", made.link)
        _ip("link", "set", made.link, "up")
        for command in (
            ["addr", "add", f"{NETWORK}.{number}.2/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["link", "set", "lo", "up"],
        ):
            _ip("-n", made.name, *command)
        yield made
    finally:
        _remove(made)


def _remove(one: Host) -> None:
    for command in (["link", "del", one.link], ["netns", "del", one.name]):
        subprocess.run(["ip", *command], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Hosts(System):
    """A system whose processes run on other hosts when their names say so: "worker:1" runs on host
    1.
    """

    others: dict[str, Host]

    def _command(self, name: str) -> list[str]:
        at = self.others.get(name.partition(":")[2])
        return (["ip", "netns", "exec", at.name] if at else []) + super()._command(name)

    def start_on(self, at: Host, kind: str, **more: str) -> str:
        """Start a process on a host, with every address as that host sees it; its name."""
        name = f"{kind}:{at.number}"
        seen = {
            key: value.replace("127.0.0.1", at.gateway) for key, value in self.environment.items()
        }
        self.start(name, **seen | more)
        return name
