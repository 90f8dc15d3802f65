"""Turns: customers write at a steady rate; Gemini answers in 1 s, Meta in 100 ms, each in a process of its own."""

import subprocess
import threading
import time

import httpx

from bench.place import TOKEN, scalar, standin, stores, system
from bench.report import Row
from devstack.stores import Urls
from tests import running
from tests.running import APP_SECRET, NUMBER, System, until
from tests.standins import payloads

SECONDS = 60
RATE = 80
WORDS = "xyzzy plugh frobnicar certificado?"  # the local classifier is unsure of it: Gemini is asked


def measure(rate: int = RATE, seconds: int = SECONDS) -> list[Row]:
    """Answers a second, our own time in a turn, and the memory of each process."""
    with stores() as urls, standin("gemini", "--delay-ms", "1000") as gemini, standin("meta", "--delay-ms", "100") as meta:
        settings = {
            "WHATSAPP_ACCESS_TOKEN": TOKEN,
            "WHATSAPP_API_BASE_URL": meta,
            "GEMINI_API_KEY": "bench",
            "GEMINI_BASE_URL": gemini,
            "GATTE_QUIET_SECONDS": "0.2",
            "GATTE_WORKER_PROCESSES": "2",
            "GATTE_WORKER_THREADS": "96",
            "GATTE_POOL_SIZE": "20",
            "GATTE_NUMBER_RATE_PER_SECOND": "1000",
        }
        running.prepare(running.settings(urls.database, urls.redis))
        with system(urls, "web", "worker", "scheduler", **settings) as started:
            started.wait_until_ready()
            _warm(started.url)
            before = scalar(urls, "SELECT count(*) FROM outbox WHERE accepted_at IS NOT NULL")
            begun = time.perf_counter()
            _send(started.url, rate, seconds)
            spent = time.perf_counter() - begun
            answered = scalar(urls, "SELECT count(*) FROM outbox WHERE accepted_at IS NOT NULL") - before
            until(lambda: scalar(urls, "SELECT count(*) FROM inbox_message WHERE filed_at IS NULL") == 0, 120)
            return [
                Row("turns, Gemini 1 s, Meta 100 ms", "≥ 80 answers/s", f"{answered / spent:.1f}/s", f"{rate}/s came in for {spent:.0f} s"),
                _own_time(urls),
                *_memory(started),
            ]


def _warm(url: str) -> None:
    with httpx.Client() as client:
        for index in range(20):
            _post(client, url, 900_000 + index)
    time.sleep(5)


def _send(url: str, rate: int, seconds: int) -> None:
    """Post messages of new customers at a rate, from a few threads."""
    begun, lanes = time.perf_counter(), 4

    def lane(number: int) -> None:
        with httpx.Client(timeout=30) as client:
            for index in range(number, rate * seconds, lanes):
                time.sleep(max(0.0, begun + index / rate - time.perf_counter()))
                _post(client, url, index)

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _post(client: httpx.Client, url: str, index: int) -> None:
    body, headers = payloads.signed(payloads.body(payloads.text(WORDS), payloads.person(index), number=NUMBER), APP_SECRET)
    client.post(f"{url}/webhook/whatsapp", content=body, headers=headers)


OWN_TIME = """
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY
        extract(epoch FROM t.at - m.received_at) * 1000 - 200
        - (SELECT coalesce(sum(latency_ms), 0) FROM model_call c WHERE c.turn_id = t.id))
    FROM turn t JOIN message m ON m.turn_id = t.id AND m.author = 'customer'
"""


def _own_time(urls: Urls) -> Row:
    note = "from arrival to commit, less quiet window (0.2 s) and Gemini: waiting in queues included"
    return Row("our own time in a turn", "p95 < 60 ms", f"{scalar(urls, OWN_TIME):.0f} ms", note)


def _memory(started: System) -> list[Row]:
    targets = {"web": "< 150 MB a process", "worker": "< 500 MB a process", "scheduler": ""}
    return [Row(f"memory: {name}", targets[name], _largest(process.pid), "largest process") for name, process in started.processes.items()]


def _largest(pid: int) -> str:
    listed = subprocess.run(["ps", "-o", "rss=", "-g", str(pid)], capture_output=True, text=True, check=True).stdout.split()
    return f"{max(int(size) for size in listed) / 1024:.0f} MB"
