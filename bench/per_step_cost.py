"""What a message costs in parts, in this process, one after the other."""

import time
from collections.abc import Callable

from bench import jobs, nlu_cost
from bench.report import ReportPart, ReportRow
from gatte.intelligence import embedding
from gatte.intelligence.understanding.classifier import load
from gatte.privacy import crypto, masking
from tests.process_system import MODELS

LINE = (
    "turn_completed turn_id=01a20765-0ede-75ed-8356-f9e3d2a5d9ab messages=1 answers=1 "
    "phone=5511987654321 understand=3.77 decide=0.12"
)
TEXTS = [
    "quero comprar um e-cnpj",
    "quanto custa o a1?",
    "esqueci a senha do token",
    "posso renovar vencido?",
    "oi",
    "falar com atendente",
]


def measure() -> ReportPart:
    """The 95th percentile of each, what the job layer costs, and what understanding, answering and
    sending cost.
    """
    embedding.limit_blas_threads()
    classifier = load(MODELS / "models")
    key = crypto.new_data_key()
    rows = [
        _row(
            "local classification",
            5,
            lambda index: classifier.classify(f"{TEXTS[index % len(TEXTS)]} {index}"),
            600,
            1e3,
            "ms",
        ),
        _row("masking of a log line", 50, lambda _: masking.mask(LINE), 5000, 1e6, "µs"),
        _row(
            "sealing of a value",
            20,
            lambda _: crypto.seal(key, b"Maria da Silva, 12.ABC.345/01DE-35", b"message.body:1"),
            5000,
            1e6,
            "µs",
        ),
        *jobs.measure(),
        *nlu_cost.measure(),
    ]
    return ReportPart(rows)


def _row(
    what: str, most: float, call: Callable[[int], object], times: int, unit: float, name: str
) -> ReportRow:
    spent: list[float] = []
    for index in range(times):
        started = time.perf_counter()
        call(index)
        spent.append((time.perf_counter() - started) * unit)
    spent.sort()
    p95 = spent[int(times * 0.95)]
    return ReportRow(
        what,
        f"p95 < {most:g} {name}",
        f"{p95:.2f} {name}",
        f"p50 {spent[times // 2]:.2f} {name}",
        p95 < most,
    )
