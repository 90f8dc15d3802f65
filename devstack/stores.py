"""The two embedded stores together."""

from dataclasses import dataclass
from pathlib import Path

from devstack.postgres import Postgres
from devstack.valkey import Valkey


@dataclass(frozen=True)
class Urls:
    """What goes into DATABASE_URL and REDIS_URL."""

    database: str
    redis: str


class Stores:
    """An embedded Postgres and an embedded Valkey below one folder; each can also be stopped,
    crashed and restarted alone.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.postgres = Postgres(folder / "postgres", durable=durable)
        self.valkey = Valkey(folder / "valkey")

    def start(self) -> Urls:
        return Urls(self.postgres.start(), self.valkey.start())

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()

    def crash(self) -> None:
        self.valkey.crash()
        self.postgres.crash()

    def restart(self) -> Urls:
        self.stop()
        return self.start()
