"""Intake: signed webhooks from wrk, one message each, against web processes alone; and bodies of a thousand statuses."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from bench.place import scalar, stores, system
from bench.report import Part, Row
from devstack.stores import Urls
from tests.running import APP_SECRET, NUMBER, until
from tests.standins import payloads

SECONDS = 10
CONNECTIONS = 64
BODIES = 80_000
STATUS_POSTS = 40

SCRIPT = """
local lines, position, threads = {}, 0, 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
end
function request()
  position = position + 1
  local line = lines[position * 2 - id] or lines[1]
  local headers = {["X-Hub-Signature-256"] = line:sub(1, 71), ["Content-Type"] = "application/json"}
  return wrk.format("POST", "/webhook/whatsapp", headers, line:sub(73))
end
"""


def measure() -> Part:
    """Messages and statuses a second that were stored and acknowledged."""
    with stores() as urls, system(urls, "web") as running:
        until(lambda: _alive(running.url), 30)
        return Part([_messages(urls, running.url), _statuses(urls, running.url)])


def _alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _messages(urls: Urls, url: str) -> Row:
    with tempfile.TemporaryDirectory() as name:
        bodies, script = Path(name) / "bodies", Path(name) / "post.lua"
        with bodies.open("wb") as file:
            for index in range(BODIES):
                raw = payloads.encode(
                    payloads.body(payloads.text("oi, tudo bem? quanto custa um e-CNPJ?"), payloads.person(index), number=NUMBER)
                )
                file.write(payloads.sign(raw, APP_SECRET).encode() + b" " + raw + b"\n")
        script.write_text(SCRIPT)
        command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", str(script), url, "--", str(bodies)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    p99 = re.search(r"99%\s+(\S+)", said)[1]
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    acknowledged = int(re.search(r"(\d+) requests in", said)[1]) - int(failed[1] if failed else 0)
    stored = int(scalar(urls, "SELECT count(*) FROM inbox_message"))
    note = f"p99 {p99}; acknowledged {acknowledged}, stored {stored}, refused {failed[1] if failed else 0}"
    return Row("webhook, stored and acknowledged", "≥ 3,300 messages/s, p99 < 250 ms", f"{rate:,.0f}/s", note)


def _statuses(urls: Urls, url: str) -> Row:
    bodies = [payloads.signed(payloads.statuses_body(*_thousand(post), number=NUMBER), APP_SECRET) for post in range(STATUS_POSTS)]
    started = time.perf_counter()
    with httpx.Client(timeout=60) as client:
        for body, headers in bodies:
            client.post(f"{url}/webhook/whatsapp", content=body, headers=headers).raise_for_status()
    spent = time.perf_counter() - started
    stored = int(scalar(urls, "SELECT count(*) FROM status_event"))
    return Row("POST of 1,000 statuses", "≥ 20,000 statuses/s", f"{stored / spent:,.0f}/s", f"{stored} stored, one POST at a time")


def _thousand(post: int) -> list[dict[str, object]]:
    return [payloads.status(f"wamid.{post}-{index}", "delivered") for index in range(1000)]
