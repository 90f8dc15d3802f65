"""How long masking takes: `python bench/masking_cost.py`. Prints microseconds at the median, the
95th and the 99th percentile.
"""

import statistics
import time
from collections.abc import Callable
from uuid import uuid4

import phonenumbers

from gatte.privacy.masking import mask, mask_value
from gatte.privacy.tax_ids import is_cnpj, is_cpf

ROUNDS = 2000
LINES = (
    '127.0.0.1 - - [23/Nov/2026:07:12:00 +0000] "GET /panel/conversations/4711 HTTP/1.1" 200 5316',
    "HTTP Request: POST https://graph.facebook.com/v25.0/106540352242922/messages 200 OK",
    "Worker rq:worker:9f86d081884c7d659a2feaa0c55ad015 started with PID 4711, version 3.0.0",
    '  File "/app/gatte/turns/apply.py", line 123, in carry_out',
    "turns: gatte.jobs.turns.run(4711) (550e8400-e29b-41d4-a716-446655440000)",
    "no contact for +55 (41) 99999-8888, CPF 529.982.247-25, joao.silva@gmail.com",
    "lead of 45.997.418/0001-53 stored; wamid.HBgNNTU0MTk5OTk5ODg4OBUCABEYEjZBQkNERQA=",
    "pedido 2026000123 de R$ 1.234,56 em 2026-11-23T07:12:00Z",
)


def event() -> dict[str, object]:
    """What a usual line of ours holds."""
    return {
        "timestamp": "2026-11-23T07:12:00.123456Z",
        "level": "info",
        "event": "message_sent",
        "logger": "gatte.delivery.claims",
        "process": "worker",
        "pid": 4711,
        "request_id": uuid4().hex,
        "correlation_id": uuid4().hex,
        "outbox_id": 123456,
        "wamid": f"wamid.HBgNNTU0MTk5OTk5ODg4OBUCABEYEj{uuid4().hex.upper()}",
        "duration_ms": 12.5,
        "to": "5541999998888",
    }


def find_phones(text: str) -> None:
    for _ in phonenumbers.PhoneNumberMatcher(text, "BR"):
        pass


def measure(name: str, call: Callable[[object], object], arguments: list[object]) -> None:
    """Every call on its own clock; an argument is used once, so no cache answers."""
    taken = []
    for argument in arguments:
        start = time.perf_counter_ns()
        call(argument)
        taken.append((time.perf_counter_ns() - start) / 1000)
    cuts = statistics.quantiles(taken, n=100)
    print(f"{name:46} p50 {cuts[49]:7.1f}   p95 {cuts[94]:7.1f}   p99 {cuts[98]:7.1f} µs")


def main() -> None:
    lines: list[object] = [f"{line} #{number}" for number in range(ROUNDS) for line in LINES]
    measure("mask, a line of text", mask, lines)
    for line in LINES:
        measure(f"  {line[:42]}", mask, [f"{line} #{number}" for number in range(ROUNDS)])
    measure("mask_value, an event of 12 fields", mask_value, [event() for _ in range(ROUNDS)])
    measure("mask, 8 kB", mask, [" ".join(LINES) * 12 + f" #{number}" for number in range(200)])
    measure("phonenumbers, phones only, a line of text", find_phones, lines[:4000])
    measure("check digits of a CPF", is_cpf, ["52998224725"] * ROUNDS)
    measure("check digits of a CNPJ", is_cnpj, ["45997418000153"] * ROUNDS)


if __name__ == "__main__":
    main()
