"""Whether the connections that a URL leads to are protected: judged by the parameters that the
driver would really use, not by how the URL is spelled.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import make_url

TLS_MODES = ("require", "verify-ca", "verify-full")
# https://www.postgresql.org/docs/current/libpq-envars.html: used where the URL says nothing.
LIBPQ_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "service": "PGSERVICE",
}


def check_database_url(url: SecretStr) -> None:
    """ValueError unless a database is reached over loopback or a socket, or refuses to speak
    without TLS.
    """
    parameters = libpq_parameters(url.get_secret_value(), os.environ)
    if parameters.get("service"):
        raise ValueError("names a service (here or in PGSERVICE): spell host and sslmode instead")
    places = parameters.get("hostaddr") or parameters.get("host") or ""
    if all(is_loopback(place) for place in places.split(",")):
        return
    if parameters.get("sslmode") not in TLS_MODES:
        raise ValueError(
            "a database on another host needs TLS: add ?sslmode=verify-full (or require)"
        )


def libpq_parameters(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What libpq is told for a URL of SQLAlchemy, with what it takes from the environment."""
    _, given = PGDialect_psycopg2().create_connect_args(make_url(url))  # type: ignore[no-untyped-call]
    taken = {
        name: environment[variable]
        for name, variable in LIBPQ_VARIABLES.items()
        if environment.get(variable)
    }
    return taken | {name: str(value) for name, value in given.items() if value}


def check_redis_url(url: SecretStr) -> None:
    """ValueError unless Redis is reached over loopback or a socket, or over TLS that checks the
    certificate and with a password.
    """
    from redis.connection import parse_url

    parameters: dict[str, Any] = dict(parse_url(url.get_secret_value()))  # type: ignore[no-untyped-call]
    if parameters.get("path") or is_loopback(str(parameters.get("host") or "localhost")):
        return
    if not url.get_secret_value().startswith("rediss://"):
        raise ValueError("a Redis on another host needs TLS: rediss://:password@host:6379/0")
    if not parameters.get("password"):
        raise ValueError("a Redis on another host needs a password: rediss://:password@host:6379/0")
    if str(parameters.get("ssl_cert_reqs", "required")) != "required":
        raise ValueError("ssl_cert_reqs must be required, so that the certificate is checked")


def is_loopback(place: str) -> bool:
    """Whether a host is this machine: its name, an address of loopback, or a socket's path; for
    libpq no host is a socket too.
    """
    if place in {"", "localhost"} or place.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False
