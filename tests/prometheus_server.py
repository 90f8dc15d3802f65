"""A real Prometheus with the project's settings and rules, beside a system under test."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from tests.process_system import PROJECT

OURS = PROJECT / "deployment" / "prometheus"


@contextmanager
def running_prometheus(folder: Path, url: str, target_port: int) -> Iterator[str]:
    """Prometheus at an address of loopback, which reads the metrics of the web process at a port;
    only the target is another than ours.
    """
    program = shutil.which("prometheus")
    assert program, "prometheus is missing: apt-get install prometheus (.ci/run does it)"
    settings = yaml.safe_load((OURS / "prometheus.yml").read_text(encoding="utf-8"))
    settings["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{target_port}"]}]
    settings["rule_files"] = [str(OURS / "alerts.yml")]
    del settings["alerting"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    arguments = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
    try:
        yield url
    finally:
        process.kill()
        process.wait()


def firing_alerts(url: str) -> set[str]:
    """The names of the alerts that fire now."""
    answer = httpx.get(f"{url}/api/v1/alerts", timeout=5).json()
    found = answer["data"]["alerts"]
    return {one["labels"]["alertname"] for one in found if one["state"] == "firing"}


def is_scraped(url: str) -> bool:
    """Whether Prometheus has read a page of ours."""
    try:
        answer = httpx.get(f"{url}/api/v1/query?query=gatte_redis_up", timeout=5)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and bool(answer.json()["data"]["result"])
