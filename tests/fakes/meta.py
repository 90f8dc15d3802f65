"""A stand-in for Meta on loopback, over real HTTP: the Graph API that we call, its webhooks, and a
record of what customers got.

In a test: `with FakeMeta(token="t") as meta: ...; meta.sent_to("5511...")`. As a process of its
own, for whole-system tests and benches: `python -m tests.fakes.meta --port 9901 --delay-ms 100
--record sent.jsonl`; other processes steer it over `/__control/`:

    GET    /__control/health                      ok and how many were accepted GET
    /__control/messages?to=&since=         accepted messages in order GET    /__control/summary
    counts, by recipient too, and outbox ids that came twice GET    /__control/reads,
    /__control/refused   read marks; what was turned away POST   /__control/faults
    a fault or a list of them (fields of meta_faults.Fault); DELETE clears POST
    /__control/statuses                    fields of meta_statuses.StatusPlan; DELETE stops them
    POST   /__control/settings                    delay (seconds), per_second, pair_rate POST
    /__control/reset                       forget all records
"""

import argparse
import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.http_loop import Answer, HttpLoop, Request, as_json
from tests.fakes.meta_faults import Fault, Kind, Rates
from tests.fakes.meta_graph import GraphApi
from tests.fakes.meta_statuses import StatusPlan

__all__ = ["FakeMeta", "Fault", "Kind", "StatusPlan"]

Json = dict[str, Any]
CONTROL = "/__control/"
TOKEN = "test-token"


class FakeMeta:
    """Meta, as far as we can tell from outside; a token of None accepts any."""

    def __init__(
        self,
        token: str | None = TOKEN,
        *,
        port: int = 0,
        record: Path | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.graph = GraphApi(token, record)
        self._http = HttpLoop(self._answer, port, host)
        self.url, self.port = self._http.url, self._http.port

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.stop()
        self.graph.close()

    @property
    def messages(self) -> list[Json]:
        """All accepted messages, in order."""
        return self.graph.accepted

    def sent_to(self, recipient: str) -> list[Json]:
        """The bodies that a customer (phone or BSUID) received, in order."""
        return [record["body"] for record in list(self.graph.accepted) if record["to"] == recipient]

    def texts_to(self, recipient: str) -> list[str]:
        """The words of what a customer received, in order."""
        return [_words(body) for body in self.sent_to(recipient)]

    def fail(self, kind: Kind, **more: Any) -> None:
        """Let sends go wrong: see `Fault`."""
        self.graph.faults.add(Fault(Kind(kind), **more))

    def post_statuses(self, url: str, secret: str, **more: Any) -> None:
        """Send signed statuses of what is accepted from now on to a webhook: see `StatusPlan`."""
        self.graph.plan = StatusPlan(url, secret, **more)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections for as long as this lasts."""
        self._http.refuse()
        try:
            yield
        finally:
            self._http.take_again()

    def _answer(self, request: Request) -> Answer:
        if not request.path.startswith(CONTROL):
            return self.graph.answer(request)
        route = ROUTES.get((request.method, request.path.removeprefix(CONTROL)))
        return (
            as_json(404, {"error": "no such control"})
            if route is None
            else as_json(200, route(self.graph, request))
        )


def _words(body: Json) -> str:
    match body.get("type"):
        case "text":
            return str(body["text"]["body"])
        case "interactive":
            return str(body["interactive"]["body"]["text"])
        case kind:
            return f"[{kind}]"


# --- the control API ---


def _health(graph: GraphApi, _: Request) -> Json:
    return {"ok": True, "accepted": len(graph.accepted)}


def _messages(graph: GraphApi, request: Request) -> Json:
    to, since = request.query.get("to"), int(request.query.get("since", "0"))
    return {"messages": [record for record in graph.accepted[since:] if to in {None, record["to"]}]}


def _summary(graph: GraphApi, _: Request) -> Json:
    outbox_ids = Counter(record["outbox_id"] for record in graph.accepted if record["outbox_id"])
    return {
        "accepted": len(graph.accepted),
        "by_recipient": Counter(record["to"] for record in graph.accepted),
        "twice": [outbox_id for outbox_id, count in outbox_ids.items() if count > 1],
        "refused": Counter(str(one["code"]) for one in graph.refused),
        "reads": len(graph.reads),
        "statuses": {
            "posted": graph.poster.posted,
            "waiting": graph.poster.waiting,
            "failed": graph.poster.failed,
        },
        "faults": [asdict(fault) for fault in graph.faults.waiting],
    }


def _add_faults(graph: GraphApi, request: Request) -> Json:
    given = json.loads(request.body)
    for one in given if isinstance(given, list) else [given]:
        graph.faults.add(Fault(Kind(one.pop("kind")), **one))
    return {"waiting": len(graph.faults.waiting)}


def _clear_faults(graph: GraphApi, _: Request) -> Json:
    graph.faults.clear()
    return {"waiting": 0}


def _plan_statuses(graph: GraphApi, request: Request) -> Json:
    given = json.loads(request.body)
    given["words"] = tuple(given.get("words", ("sent", "delivered", "read")))
    graph.plan = StatusPlan(**given)
    return {"ok": True}


def _stop_statuses(graph: GraphApi, _: Request) -> Json:
    graph.plan = None
    return {"ok": True}


def _set(graph: GraphApi, request: Request) -> Json:
    given = json.loads(request.body)
    graph.delay = given.get("delay", graph.delay)
    graph.rates = Rates(
        given.get("per_second", graph.rates.per_second),
        pair=given.get("pair_rate", graph.rates.pair),
    )
    return {"ok": True}


def _reset(graph: GraphApi, _: Request) -> Json:
    graph.reset()
    return {"ok": True}


ROUTES: dict[tuple[str, str], Callable[[GraphApi, Request], Json]] = {
    ("GET", "health"): _health,
    ("GET", "messages"): _messages,
    ("GET", "summary"): _summary,
    ("GET", "reads"): lambda graph, _: {"reads": graph.reads},
    ("GET", "refused"): lambda graph, _: {"refused": graph.refused},
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "statuses"): _plan_statuses,
    ("DELETE", "statuses"): _stop_statuses,
    ("POST", "settings"): _set,
    ("POST", "reset"): _reset,
}


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    options = _options()
    with FakeMeta(options.token, port=options.port, record=options.record) as meta:
        meta.graph.delay = options.delay_ms / 1000
        meta.graph.rates = Rates(options.per_second, pair=options.pair_rate)
        if options.webhook:
            meta.post_statuses(options.webhook, options.secret)
        print(meta.url, flush=True)  # noqa: T201 - whoever started it reads the address
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        stop.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--port", type=int, default=0, help="0 takes any free port; the address is printed"
    )
    parser.add_argument(
        "--token", default=None, help="the only access token that is accepted; any when left out"
    )
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument(
        "--record",
        type=Path,
        default=None,
        help="a file to which every accepted message is appended as a JSON line",
    )
    parser.add_argument(
        "--per-second", type=int, default=None, help="refuse more messages a second with 130429"
    )
    parser.add_argument(
        "--pair-rate",
        action="store_true",
        help="refuse more than 1 in 6 s to a customer (burst 45) with 131056",
    )
    parser.add_argument(
        "--webhook", default=None, help="where to send signed statuses of accepted messages"
    )
    parser.add_argument("--secret", default="test-secret", help="the app secret that signs them")
    return parser.parse_args()


if __name__ == "__main__":
    main()
