"""Meta's side of the webhook: every body is delivered until it is acknowledged, some of them twice
or later again.
"""

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER

Json = dict[str, Any]
AT_ONCE = 12
AGAIN_SECONDS = 0.25
TWICE = 0.15  # of the bodies come once more, soon after or later
LATER_SECONDS = 3.0


@dataclass
class Letter:
    """One body on its way; `taken` is called once, when it was acknowledged for the first time."""

    raw: bytes
    headers: dict[str, str]
    wamids: tuple[str, ...]
    taken: Callable[[], None]
    due: float = 0.0
    trying: "Future[bool] | None" = None


class Post:
    """The letters not acknowledged yet, and those that come once more; driven by `tick`."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._url, self._chance = f"{url}/webhook/whatsapp", chance
        self._http = httpx.Client(
            timeout=15, limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
        )
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="post")
        self._letters: list[Letter] = []
        self.acknowledged: set[str] = set()
        self.repeated = 0

    def send(
        self, messages: list[Json], people: list[payloads.Person], taken: Callable[[], None]
    ) -> None:
        """Put messages into one body and let it be delivered."""
        value = payloads.value(
            NUMBER, contacts=[payloads.contact(one) for one in people], messages=messages
        )
        raw, headers = payloads.signed(
            payloads.envelope(payloads.entry(payloads.change(value))), APP_SECRET
        )
        self._letters.append(Letter(raw, headers, tuple(one["id"] for one in messages), taken))

    @property
    def empty(self) -> bool:
        return not self._letters

    def tick(self, now: float) -> None:
        """Look at what was under way, and try what is due."""
        for letter in list(self._letters):
            if letter.trying is not None and letter.trying.done():
                self._settle(letter, now, acknowledged=letter.trying.result())
            if letter in self._letters and letter.trying is None and letter.due <= now:
                letter.trying = self._threads.submit(self._deliver, letter)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._http.close()

    def _settle(self, letter: Letter, now: float, *, acknowledged: bool) -> None:
        letter.trying = None
        if not acknowledged:
            letter.due = now + AGAIN_SECONDS
            return
        self._letters.remove(letter)
        if self.acknowledged.issuperset(letter.wamids):
            return
        self.acknowledged.update(letter.wamids)
        letter.taken()
        if self._chance.random() < TWICE:
            due = now + self._chance.uniform(0, LATER_SECONDS)
            self._letters.append(
                Letter(letter.raw, letter.headers, letter.wamids, letter.taken, due)
            )
            self.repeated += 1

    def _deliver(self, letter: Letter) -> bool:
        try:
            return (
                self._http.post(self._url, content=letter.raw, headers=letter.headers).status_code
                == 200
            )
        except httpx.HTTPError:
            return False
