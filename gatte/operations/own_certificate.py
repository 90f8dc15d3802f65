"""The TLS certificate that visitors of our own domain see: until when it holds, and whether they
trust it. No certificate of a customer.
"""

import socket
import ssl
from collections.abc import Mapping
from datetime import datetime

from cryptography import x509

from gatte import services
from gatte.settings import Settings
from gatte.store import scheduled_jobs

JOB_NAME = "check_own_certificate"
HTTPS_PORT = 443
TIMEOUT_SECONDS = 5.0


def check() -> Mapping[str, object]:
    """Where we looked, until when the certificate holds (`not_after`, ISO 8601) and whether it is
    `trusted`; or why that is not known (`skipped`, `unreachable`).
    """
    settings = services.settings()
    address = _address(settings)
    if address is None:
        return {"skipped": "GATTE_DOMAIN is localhost"}
    host, port = address
    place = f"{host}:{port}"
    try:
        expiry = _expiry(host, port, settings.gatte_domain)
        trusted = _is_trusted(host, port, settings.gatte_domain)
    except OSError as error:
        return {"unreachable": type(error).__name__, "address": place}
    return {"not_after": expiry.isoformat(), "trusted": trusted, "address": place}


def find_result() -> Mapping[str, object]:
    """What the last look found; empty when nobody has looked yet."""
    job = scheduled_jobs.find(JOB_NAME)
    return (job.result if job else None) or {}


def expiry_of(result: Mapping[str, object]) -> datetime | None:
    """Until when the certificate holds by the result of a look; None when that is not known."""
    not_after = result.get("not_after")
    return datetime.fromisoformat(str(not_after)) if not_after else None


def _address(settings: Settings) -> tuple[str, int] | None:
    if settings.gatte_certificate_address:
        host, _, port = settings.gatte_certificate_address.rpartition(":")
        return host, int(port)
    if settings.gatte_domain == "localhost":
        return None
    return settings.gatte_domain, HTTPS_PORT


def _expiry(host: str, port: int, domain: str) -> datetime:
    """The end of the certificate, whoever signed it; OSError when nobody speaks TLS there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired one must be read as well
    with (
        socket.create_connection((host, port), TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=domain) as tls,
    ):
        encoded = tls.getpeercert(binary_form=True) or b""
    return x509.load_der_x509_certificate(encoded).not_valid_after_utc


def _is_trusted(host: str, port: int, domain: str) -> bool:
    """Whether a browser would take the certificate for this domain."""
    context = ssl.create_default_context()
    with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
        try:
            context.wrap_socket(connection, server_hostname=domain).close()
        except ssl.SSLCertVerificationError:
            return False
    return True
