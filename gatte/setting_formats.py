"""The forms that single settings have: each function returns the value to use, or a ValueError says
what it must be. No message shows the value of a secret.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, SecretStr
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gatte.business_hours import holidays_of, opening_hours
from gatte.connection_security import TLS_MODES

SSL_MODES = ("disable", "allow", "prefer", *TLS_MODES)
KEY_BYTES = 32
# 32 random bytes have 30; fewer than 16 by chance: once in 10 ** 14 keys
FEWEST_DISTINCT_BYTES = 16
LEAST_SECRET_LENGTH = 16
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = ("", "json", "text")
PRICE = re.compile(r"(?P<model>[^=\s]+)=(?P<read>\d+(\.\d+)?)/(?P<written>\d+(\.\d+)?)", re.ASCII)
FEE = re.compile(
    r"(?P<category>service|utility|authentication|marketing)=(?P<fee>\d+(\.\d+)?)", re.ASCII
)
ADDRESS = re.compile(r"unix:\S+|(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]*):(?P<port>\d{1,5})", re.ASCII)
DATABASE_EXAMPLE = "must be a URL such as postgresql://user:password@host:5432/database"


def postgres_url(url: SecretStr) -> SecretStr:
    """A URL of Postgres for our driver, with options that libpq knows."""
    parsed = _parsed_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("must be a postgresql:// URL")
    if not parsed.database:
        raise ValueError(DATABASE_EXAMPLE)
    _check_port(parsed.port)
    _check_libpq_options(parsed.query)
    rendered = parsed.set(drivername="postgresql+psycopg2")
    return SecretStr(rendered.render_as_string(hide_password=False))


def optional_postgres_url(url: SecretStr) -> SecretStr:
    """A URL of Postgres for our driver, or nothing."""
    return postgres_url(url) if url.get_secret_value() else url


def user_of(url: SecretStr) -> str:
    """The user that a URL of Postgres names, or nothing."""
    return _parsed_url(url).username or ""


def _parsed_url(url: SecretStr) -> URL:
    try:
        return make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise ValueError(DATABASE_EXAMPLE) from None


def _check_port(port: int | None) -> None:
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("has a port that is not between 1 and 65535")


def _check_libpq_options(options: Mapping[str, object]) -> None:
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import make_dsn

    try:
        make_dsn("", **options)
    except (ProgrammingError, TypeError):
        raise ValueError("has an option after ? that libpq does not know, or one twice") from None
    if "sslmode" in options and options["sslmode"] not in SSL_MODES:
        raise ValueError(f"sslmode must be one of {', '.join(SSL_MODES)}")


def ledger_file(name: str) -> str:
    """The path of a file, or nothing for the usual one."""
    if name and Path(name).is_dir():
        raise ValueError("must name a file, and this is a folder")
    return name


def redis_url(url: SecretStr) -> SecretStr:
    """A URL from which the Redis client can make a connection."""
    spelled = url.get_secret_value()
    if not spelled.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must be a redis://, rediss:// or unix:// URL")
    if not _makes_a_redis_connection(spelled):
        raise ValueError("must be a URL such as redis://:password@host:6379/0")
    return url


def _makes_a_redis_connection(spelled: str) -> bool:
    from redis import ConnectionPool, RedisError

    try:
        database = urlsplit(spelled).path.lstrip("/")
        ConnectionPool.from_url(spelled).make_connection()
    except (ValueError, TypeError, AttributeError, RedisError):
        return False
    if spelled.startswith("unix:"):
        return bool(database)
    return not database or database.isdecimal()


def http_url(url: str) -> str:
    """The URL of a service that is spoken to over HTTP, without a slash at its end; or none."""
    if not url:
        return url
    problem = "must be a URL such as https://host or http://host:port/path"
    try:
        parts = urlsplit(url)
        _check_port(parts.port)
    except ValueError:
        raise ValueError(problem) from None
    is_http = parts.scheme in {"http", "https"} and parts.hostname
    is_visible_ascii = re.fullmatch(r"[!-~]+", url)
    has_extras = parts.query or parts.fragment or parts.username is not None
    if not is_http or not is_visible_ascii or has_extras:
        raise ValueError(problem)
    return url.rstrip("/")


def listen_address(address: str) -> str:
    """Where gunicorn listens, or several such places parted by commas; or none."""
    for one in filter(None, address.split(",")):
        match = ADDRESS.fullmatch(one.strip())
        if match is None:
            raise ValueError("must be an address such as 0.0.0.0:8000 or unix:/run/gatte.sock")
        _check_port(int(match["port"]) if match["port"] else None)
    return address


def time_zone(name: str) -> str:
    """The name of a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database
        raise ValueError("must be a time zone such as America/Sao_Paulo") from None
    return name


def business_hours(spelled: str) -> str:
    """Opening hours that the desk can read."""
    opening_hours(spelled)
    return spelled


def holiday_state(state: str) -> str:
    """A state of Brazil whose holidays are known."""
    name = state.strip().upper()
    if not name:
        raise ValueError("must be a state of Brazil in two letters, such as SP")
    holidays_of(name)
    return name


def log_level(level: str) -> str:
    """A level of the standard library's logging."""
    if level.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return level.upper()


def log_format(name: str) -> str:
    """A form of log lines, or none for the usual one."""
    if name not in LOG_FORMATS:
        raise ValueError("must be json or text, or empty")
    return name


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens read and for a million written."""

    tokens_in: Decimal
    tokens_out: Decimal


@lru_cache(maxsize=8)
def price_table(spelled: str) -> Mapping[str, Price]:
    """Prices by model, spelled like `model=0.30/2.50, other=0.10/0.40`."""
    table: dict[str, Price] = {}
    pieces = [piece.strip() for piece in spelled.split(",")]
    for part in filter(None, pieces):
        match = PRICE.fullmatch(part)
        if match is None:
            raise ValueError(
                "must be model=read/written pairs parted by commas,"
                " in US dollars for a million tokens"
            )
        model = plain_model_name(match["model"])
        if model in table:
            raise ValueError(f"has two prices for {model}")
        table[model] = Price(Decimal(match["read"]), Decimal(match["written"]))
    return table


def priced_models(spelled: str) -> str:
    """A price table that can be read."""
    price_table(spelled)
    return spelled


@lru_cache(maxsize=8)
def fee_table(spelled: str) -> Mapping[str, Decimal]:
    """Meta's fees in US dollars by category, spelled like `service=0.0068, marketing=0.0625`."""
    table: dict[str, Decimal] = {}
    for part in filter(None, (piece.strip() for piece in spelled.split(","))):
        match = FEE.fullmatch(part)
        if match is None:
            raise ValueError(
                "must be category=fee pairs parted by commas, in US dollars a message;"
                " categories are service, utility, authentication, marketing"
            )
        table[match["category"]] = Decimal(match["fee"])
    return table


def message_fees(spelled: str) -> str:
    """Fees that can be read."""
    fee_table(spelled)
    return spelled


def plain_model_name(model: str) -> str:
    """The name of a Gemini model as the price lists give it, without `models/`."""
    return model.removeprefix("models/")


def matching(pattern: str, problem: str) -> AfterValidator:
    """For an `Annotated` text: all of it fits the pattern, else `problem` says what it must be."""

    def fits(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(problem)
        return text

    return AfterValidator(fits)


DOMAIN = matching(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
    "must be a host's name in small letters, such as atendimento.empresa.com.br",
)


def header_secret(secret: SecretStr) -> SecretStr:
    """A token that is sent in a header: anything but visible ASCII would break every request."""
    if not re.fullmatch(r"[!-~]*", secret.get_secret_value()):
        raise ValueError("must hold no blank, line break or accented letter")
    return secret


def http_headers(secret: SecretStr) -> SecretStr:
    """Headers as `name=value,name=value`, or none."""
    spelled = secret.get_secret_value()
    one = r"[A-Za-z0-9-]+=[!-+\--~ ]+"
    if spelled and not re.fullmatch(rf"{one}(,{one})*", spelled):
        raise ValueError("must be headers such as Authorization=Bearer abc,X-Tenant=1")
    return secret


def sentry_dsn(secret: SecretStr) -> SecretStr:
    """The DSN of a project of Sentry, or of what takes its format; or none."""
    spelled = secret.get_secret_value()
    if spelled and not re.fullmatch(r"https?://[!-.0-?A-~]+@[\w.-]+(:\d+)?(/[\w-]+)*/\d+", spelled):
        raise ValueError("must be a DSN such as https://key@errors.example.com/42")
    return secret


def app_secrets(secret: SecretStr) -> SecretStr:
    """One secret or several parted by commas, or none at all."""
    spelled = secret.get_secret_value()
    if spelled and not spelled.replace(",", "").strip():
        raise ValueError("holds no secret between its commas")
    return secret


def master_keys(text: SecretStr) -> SecretStr:
    """Master keys that `parsed_master_keys` can read, or none at all."""
    if text.get_secret_value():
        parsed_master_keys(text.get_secret_value())
    return text


def parsed_master_keys(spelled: str) -> dict[str, bytes]:
    """Keys by id, in their order.

    What was written for an id may be a key, so no message shows it.
    """
    keys: dict[str, bytes] = {}
    entries = [part.strip() for part in spelled.split(",")]
    for entry in filter(None, entries):
        key_id, _, encoded = entry.partition(":")
        if not re.fullmatch(r"[\w.-]{1,64}", key_id):
            raise ValueError("must be id:base64 pairs parted by commas")
        if key_id in keys:
            raise ValueError(f"has two keys of one id (the {len(keys) + 1}. repeats an earlier id)")
        keys[key_id] = _master_key(encoded)
    if not keys:
        raise ValueError("holds no key: must be id:base64 pairs parted by commas")
    return keys


def _master_key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be id:base64 pairs parted by commas, each key 32 bytes long")
    if len(set(key)) < FEWEST_DISTINCT_BYTES:
        raise ValueError("has a weak key, which repeats itself: echo k1:$(openssl rand -base64 32)")
    return key


def folder(path: Path) -> Path:
    """A folder that is there or can be made: nothing on its way is a file."""
    try:
        nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    except OSError as error:
        raise ValueError(f"must be a folder that can be reached ({error.strerror})") from None
    if not nearest.is_dir():
        raise ValueError("must be a folder, and a file is in its way")
    return path
