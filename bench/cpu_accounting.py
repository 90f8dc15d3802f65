"""What processes take: processor time and memory, by groups of a parent and all its children; of
this process, itself alone.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class CpuUsage:
    """What a group took so far: processor seconds (children that ended included), and the memory of
    each process now, in MB.
    """

    seconds: float
    memory: tuple[float, ...]

    @property
    def largest(self) -> float:
        return max(self.memory, default=0.0)


def look(groups: Mapping[str, int]) -> dict[str, CpuUsage]:
    """What each group took, by its name; given are the process ids of the parents."""
    return {name: _taken(pid) for name, pid in groups.items()}


def _taken(pid: int) -> CpuUsage:
    parent = psutil.Process(pid)
    seconds, memory = 0.0, []
    children = [] if pid == os.getpid() else parent.children(recursive=True)
    for process in [parent, *children]:
        with suppress(psutil.NoSuchProcess), process.oneshot():
            times = process.cpu_times()
            seconds += (
                times.user
                + times.system
                + (times.children_user + times.children_system if children else 0.0)
            )
            memory.append(process.memory_info().rss / MEGABYTE)
    return CpuUsage(seconds, tuple(memory))


def profile(
    before: Mapping[str, CpuUsage], after: Mapping[str, CpuUsage], count: int, seconds: float
) -> str:
    """A Markdown table: processor time by group, per thing done and as a share of a core, and
    memory of the largest process.
    """
    lines = [
        "| processes | CPU ms each | of a core | memory before → after (largest of) |",
        "|---|---|---|---|",
    ]
    total = 0.0
    for name, taken in after.items():
        spent = taken.seconds - before[name].seconds
        total += spent
        memory = f"{before[name].largest:.0f} → {taken.largest:.0f} MB ({len(taken.memory)})"
        lines.append(f"| {name} | {spent / count * 1000:.2f} | {spent / seconds:.0%} | {memory} |")
    return "\n".join([*lines, f"| all | {total / count * 1000:.2f} | {total / seconds:.0%} | |"])
