"""Whether somebody watches: when the metrics were read last, and which rules Prometheus has."""

import json
import time
from urllib.parse import urlsplit

from redis import Redis

from gatte import services
from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpTimeouts,
    ResponseLost,
    default_tls_context,
)

SCRAPE_KEY = "gatte:metrics:scraped"
SCRAPE_KEPT_SECONDS = 3600
RULE_GROUPS = ("gatte-processes", "gatte-messages", "gatte-operations")
"""The groups of deployment/prometheus/alerts.yml."""
LONGEST_ANSWER = 4 * 1024 * 1024
TIMEOUTS = HttpTimeouts(
    connect=2.0,
    read=3.0,
    pool=2.0,
    total=5.0,
    max_response_bytes=LONGEST_ANSWER,
    max_connections=1,
)


class PrometheusUnavailable(Exception):
    """Prometheus does not answer, or with something that is no list of rules."""


def note_scrape(client: Redis) -> None:
    """Keep for an hour that somebody reads the metrics now."""
    client.set(SCRAPE_KEY, "1", ex=SCRAPE_KEPT_SECONDS)


def seconds_since_scrape(client: Redis) -> int | None:
    """How long ago the metrics were read; None when nobody did within an hour."""
    left = client.ttl(SCRAPE_KEY)
    return SCRAPE_KEPT_SECONDS - left if left >= 0 else None


def list_missing_rules() -> list[str]:
    """The groups of our alerting rules that Prometheus has not loaded; PrometheusUnavailable when
    it does not say.
    """
    url = services.settings().gatte_prometheus_url
    client = HttpClient(url, TIMEOUTS, default_tls_context())
    path = f"{urlsplit(url).path}/api/v1/rules"
    deadline = time.monotonic() + TIMEOUTS.total
    try:
        response = client.get(path, {}, LONGEST_ANSWER, deadline)
        loaded = {group["name"] for group in json.loads(response.body)["data"]["groups"]}
    except (ConnectFailed, ResponseLost, ValueError, KeyError, TypeError) as error:
        raise PrometheusUnavailable(type(error).__name__) from error
    finally:
        client.close()
    return [name for name in RULE_GROUPS if name not in loaded]
