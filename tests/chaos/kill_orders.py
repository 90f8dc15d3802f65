"""What the harness tells the processes under its orders, by a file: at which point the next one
dies, and which one it was.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.kill_points import BY_NAME, Point

VARIABLE = "KILL_ORDERS"
MARK = "zulu"  # the turn of a message with this word fails, where a point needs a failure


@dataclass(frozen=True)
class Order:
    """One death: the first process that reaches the point writes down its process id and is no
    more; `group` takes its siblings along.
    """

    number: int
    point: Point
    struck: Path
    group: bool = False

    def pid(self) -> int | None:
        """The process that the fault was injected; None when it has not struck yet."""
        try:
            return int(self.struck.read_text() or 0) or None
        except FileNotFoundError:
            return None


def give(path: Path, order: Order | None) -> None:
    """Put an order (or none) where the processes look."""
    said = (
        ""
        if order is None
        else json.dumps([order.number, order.point.name, str(order.struck), order.group])
    )
    fresh = path.with_suffix(".new")
    fresh.write_text(said)
    fresh.replace(path)


class Reader:
    """The order as a process sees it; read again only when the file changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (0, 0)
        self._order: Order | None = None

    def now(self) -> Order | None:
        facts = os.stat(self._path)  # noqa: PTH116 - called often
        seen = facts.st_ino, facts.st_mtime_ns
        if seen != self._seen:
            self._order, self._seen = _read(self._path.read_text()), seen
        return self._order


def _read(said: str) -> Order | None:
    if not said:
        return None
    number, name, struck, group = json.loads(said)
    return Order(number, BY_NAME[name], Path(struck), group)
