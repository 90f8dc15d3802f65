"""What production lets in: requests for its own host over HTTPS. All others end here, before
anything of them is read.

Health and metrics are asked by the machine itself and its neighbours, by any name and over plain
HTTP; what came through the proxy is none of these.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import structlog

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]
INSIDE_PATHS = ("/health/", "/metrics")
WRONG_HOST = b"This host is not served here: see GATTE_DOMAIN.\n"
PLAIN_HTTP = b"Only HTTPS is served here. Behind a proxy, see GATTE_TRUSTED_PROXIES.\n"


def guard(application: WsgiApplication, domain: str) -> WsgiApplication:
    """The application behind the gate. Scheme and host must be the client's: the proxy's headers
    are read before.
    """

    def gate(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if is_from_inside(environ):
            return application(environ, start_response)
        if host_of(environ) != domain:
            log.warning("wrong_host_refused")
            return _refuse(start_response, "421 Misdirected Request", WRONG_HOST)
        if environ["wsgi.url_scheme"] == "https":
            return application(environ, start_response)
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return _redirect(start_response, domain, environ)
        log.warning("plain_http_refused")
        return _refuse(start_response, "403 Forbidden", PLAIN_HTTP)

    return gate


def is_from_inside(environ: Environ) -> bool:
    """Whether a request asks for health or metrics and came through no proxy."""
    path = environ.get("PATH_INFO", "")
    return path.startswith(INSIDE_PATHS) and "HTTP_X_FORWARDED_FOR" not in environ


def host_of(environ: Environ) -> str:
    """The host that a request names, in small letters and without its port."""
    named = str(environ.get("HTTP_HOST", "")).lower()
    name, colon, port = named.rpartition(":")
    return name if colon and port.isdecimal() else named


def _redirect(start_response: StartResponse, domain: str, environ: Environ) -> Iterable[bytes]:
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/%")
    query = environ.get("QUERY_STRING", "")
    target = f"https://{domain}{path}" + (f"?{query}" if query else "")
    headers = [("Location", target), ("Content-Length", "0")]
    start_response("308 Permanent Redirect", headers)
    return ()


def _refuse(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return (body,)
