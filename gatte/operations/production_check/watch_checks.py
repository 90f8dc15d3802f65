"""Checks of what watches the installation, and of what the world sees of it (16.4 to 16.6)."""

from datetime import UTC, datetime, timedelta

from gatte import services
from gatte.infra.http import ConnectFailed, HttpClient, ResponseLost
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.operations import own_certificate, prometheus
from gatte.operations.production_check.findings import Finding, age_in_words, failure, warning

OLDEST_SCRAPE_SECONDS = 300
LEAST_CERTIFICATE = timedelta(days=7)
EARLY_CERTIFICATE = timedelta(days=21)
READY_PATH = "/health/ready?scope=store"


def check_monitoring() -> list[Finding]:
    """The metrics were read within five minutes."""
    try:
        age = services.fail_fast_redis().execute(prometheus.seconds_since_scrape)
    except RedisUnavailable:
        return [failure("unknown")]
    if age is None:
        return [failure("never")]
    return [failure("long_ago", age=age_in_words(age))] if age > OLDEST_SCRAPE_SECONDS else []


def check_alerts() -> list[Finding]:
    """Prometheus has our alerting rules."""
    url = services.settings().gatte_prometheus_url
    if not url:
        return [warning("not_asked")]
    try:
        missing = prometheus.list_missing_rules()
    except prometheus.PrometheusUnavailable as error:
        return [failure("unavailable", url=url, error=error)]
    return [failure("missing", groups=", ".join(missing))] if missing else []


def check_certificate() -> list[Finding]:
    """The certificate of our domain holds for weeks, and browsers trust it."""
    result = own_certificate.find_result()
    expiry = own_certificate.expiry_of(result)
    if expiry is None:
        place = result.get("address", services.settings().gatte_domain)
        return [warning("unknown", address=place)]
    found = []
    left = expiry - datetime.now(UTC)
    if left < LEAST_CERTIFICATE:
        found.append(failure("ends", date=f"{expiry:%Y-%m-%d}"))
    elif left < EARLY_CERTIFICATE:
        found.append(warning("ends", date=f"{expiry:%Y-%m-%d}"))
    if not result.get("trusted"):
        found.append(failure("not_trusted", address=result.get("address")))
    return found


def check_health() -> list[Finding]:
    """A web process of this host says that it can store what Meta sends."""
    address = services.settings().bind.split(",")[0].strip()
    if address.startswith("unix:"):
        return [warning("socket", address=address)]
    url = f"http://127.0.0.1:{address.rpartition(':')[2]}"
    client = HttpClient(url, prometheus.TIMEOUTS)
    try:
        answer = client.request("GET", READY_PATH, {}, None)
    except (ConnectFailed, ResponseLost):
        return [failure("silent", url=url)]
    finally:
        client.close()
    return [] if answer.status == 200 else [failure("not_ready", url=url, status=answer.status)]
