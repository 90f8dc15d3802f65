"""Every setting of GATTE: typed, checked together at start, never printed."""

import base64
import binascii
import os
import re
import secrets
import sys
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state
MOST_WORKERS_UNASKED = 4  # each has its own models in memory
LOOPBACK = ("localhost", "127.0.0.1", "::1", "")


class Environment(StrEnum):
    """Where this installation stands; production insists on TLS and on secrets that were set by hand."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class UncertainPolicy(StrEnum):
    """What becomes of a send whose outcome stays unknown."""

    RESEND = "resend"
    AGENT = "agent"


class BadSettings(Exception):
    """The settings cannot be used; `problems` has one line each, with no value of a secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _postgres_url(url: SecretStr) -> SecretStr:
    try:
        parsed = make_url(url.get_secret_value())
    except ArgumentError:
        raise ValueError("must be a URL such as postgresql://user:password@host:5432/database") from None
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("must be a postgresql:// URL")
    return SecretStr(parsed.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False))


def is_local(url: SecretStr) -> bool:
    """Whether a database is reached over loopback or a socket, where TLS adds nothing."""
    host = make_url(url.get_secret_value()).host or ""
    return host in LOOPBACK or host.startswith("/")


def _redis_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must be a redis://, rediss:// or unix:// URL")
    return url


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a time zone such as America/Sao_Paulo") from None
    return name


def _price_table(spelled: str) -> str:
    for part in filter(None, (piece.strip() for piece in spelled.split(","))):
        if not re.fullmatch(r"[^=]+=\d+(\.\d+)?/\d+(\.\d+)?", part):
            raise ValueError("must be model=read/written pairs parted by commas, in US dollars for a million tokens")
    return spelled


def _template_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{0,512}", name):
        raise ValueError("must be the name of a template: lower-case letters, digits and underscores")
    return name


def _master_keys(text: SecretStr) -> SecretStr:
    for entry in filter(None, text.get_secret_value().split(",")):
        key_id, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != 32:
            raise ValueError("must be id:base64 pairs parted by commas, each key 32 bytes long")
    return text


class Settings(BaseSettings):
    """The settings, read from the environment and .env (the environment wins)."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, frozen=True, validate_default=True
    )

    gatte_env: Environment = Environment.DEVELOPMENT
    database_url: Annotated[SecretStr, AfterValidator(_postgres_url)]
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] = SecretStr("redis://127.0.0.1:6379/0")
    secret_key: SecretStr = SecretStr("")
    gatte_encryption_keys: Annotated[SecretStr, AfterValidator(_master_keys)] = SecretStr("")
    gatte_folder: Path = Path(".gatte")
    gatte_company: str = "Certifica Já"
    gatte_timezone: Annotated[str, AfterValidator(_time_zone)] = "America/Sao_Paulo"
    gatte_business_hours: str = "seg-sex 08:00-18:00"
    gatte_holidays_of: str = "SP"
    gatte_log_level: str = "INFO"
    gatte_log_format: str = ""

    whatsapp_access_token: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_phone_number_id: str = ""
    whatsapp_api_base_url: str = "https://graph.facebook.com"
    whatsapp_api_version: str = "v25.0"

    gemini_api_key: SecretStr = SecretStr("")
    gemini_base_url: str = ""
    gemini_classifier_model: str = "gemini-3.5-flash-lite"
    gemini_responder_model: str = "gemini-3.5-flash"
    gemini_embedding_model: str = "gemini-embedding-001"

    gatte_gemini_timeout_seconds: float = Field(default=8.0, gt=0, le=60)
    """How long an answer of Gemini is waited for; then the local way answers."""
    gatte_gemini_rest_seconds: float = Field(default=30.0, gt=0, le=3600)
    """How long Gemini is not asked after several failures in a row, until a probe."""

    gatte_model_prices: Annotated[str, AfterValidator(_price_table)] = "gemini-3.5-flash-lite=0.10/0.40, gemini-3.5-flash=0.30/2.50"
    """US dollars for a million tokens read and written, by model: an estimate to be kept up by hand."""
    gatte_brl_per_usd: Decimal = Field(default=Decimal("5.40"), gt=0)

    gatte_quiet_seconds: float = Field(default=2.0, ge=0, le=30)
    gatte_quiet_limit_seconds: float = Field(default=10.0, ge=0, le=120)
    gatte_lease_seconds: float = Field(default=60.0, ge=1, le=600)
    gatte_uncertain_grace_seconds: float = Field(default=30.0, ge=0, le=3600)
    gatte_uncertain_policy: UncertainPolicy = UncertainPolicy.RESEND
    gatte_number_rate_per_second: float = Field(default=80.0, gt=0, le=1000)
    gatte_pause_seconds: float = Field(default=15.0, gt=0, le=900)
    """How long a number's sending pauses at first when Meta takes nothing from it; then twice as long each time, up to 15 minutes."""
    gatte_window_template: Annotated[str, AfterValidator(_template_name)] = ""
    """The template that is sent in place of an answer of the bot for which the 24 h window is over; without one the desk gets a task."""
    gatte_window_template_language: str = "pt_BR"
    gatte_contact_rate_per_minute: int = Field(default=20, ge=1)
    gatte_mute_minutes: int = Field(default=60, ge=1)
    gatte_spam_blocklist: str = ""
    gatte_daily_budget_brl: Decimal = Field(default=Decimal(50), ge=0)
    gatte_nudge_seconds: int = Field(default=600, gt=0)
    gatte_flow_timeout_seconds: int = Field(default=1800, gt=0)
    gatte_timeout_seconds: int = Field(default=3600, gt=0)
    gatte_close_seconds: int = Field(default=24 * 3600, gt=0)
    gatte_warn_seconds: int = Field(default=600, gt=0)

    gatte_worker_processes: int = Field(default=0, ge=0, le=64)
    """0: in production one for each core, four at most; in development one."""
    gatte_worker_threads: int = Field(default=96, ge=1, le=500)
    gatte_worker_max_jobs: int = Field(default=200_000, ge=0)
    """After so many jobs a worker process is replaced by a fresh one; 0: never."""
    gatte_worker_max_memory_mb: int = Field(default=1024, ge=0)
    """The same when its resident memory has grown beyond this."""
    gatte_pool_size: int = Field(default=10, ge=1, le=200)
    gatte_trusted_proxies: int = Field(default=0, ge=0, le=5)
    gatte_simulator: bool | None = None
    """Whether the panel has the simulator; not set: everywhere but in production."""

    @field_validator("secret_key", "gatte_encryption_keys", mode="after")
    @classmethod
    def _required_in_production(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("gatte_env") is Environment.PRODUCTION and not secret.get_secret_value():
            raise ValueError("is required in production")
        return secret

    @field_validator("whatsapp_verify_token", "whatsapp_app_secret", mode="after")
    @classmethod
    def _required_beside_the_access_token(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        token = info.data.get("whatsapp_access_token")
        in_production = info.data.get("gatte_env") is Environment.PRODUCTION
        if in_production and token and token.get_secret_value() and not secret.get_secret_value():
            raise ValueError("is required in production beside WHATSAPP_ACCESS_TOKEN")
        return secret

    @field_validator("database_url", mode="after")
    @classmethod
    def _tls_to_the_database(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        remote = not is_local(url)
        if info.data.get("gatte_env") is Environment.PRODUCTION and remote and "sslmode=" not in url.get_secret_value():
            raise ValueError("a database on another host needs TLS: add ?sslmode=verify-full (or require)")
        return url

    @property
    def production(self) -> bool:
        """Whether this is a production installation."""
        return self.gatte_env is Environment.PRODUCTION

    @property
    def simulator(self) -> bool:
        """Whether the panel has the simulator."""
        return not self.production if self.gatte_simulator is None else self.gatte_simulator

    @property
    def worker_processes(self) -> int:
        """How many worker processes to run on this host."""
        if self.gatte_worker_processes:
            return self.gatte_worker_processes
        return min(len(os.sched_getaffinity(0)), MOST_WORKERS_UNASKED) if self.production else 1

    @property
    def master_keys(self) -> dict[str, bytes]:
        """The master keys by id; the first encrypts."""
        pairs = (entry.strip().partition(":") for entry in self.gatte_encryption_keys.get_secret_value().split(",") if entry.strip())
        return {key_id: base64.b64decode(encoded) for key_id, _, encoded in pairs}

    @property
    def app_secrets(self) -> tuple[str, ...]:
        """The app secrets that a webhook may be signed with; two while rotating."""
        return tuple(secret.strip() for secret in self.whatsapp_app_secret.get_secret_value().split(",") if secret.strip())

    @property
    def time_zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.gatte_timezone)


def load_settings() -> Settings:
    """The settings of this process, with development secrets filled in; BadSettings lists every problem at once."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise BadSettings(_problems(error)) from None
    return settings if settings.production else _with_development_secrets(settings)


def _problems(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is required, and neither the environment nor .env has it"
        lines += [f"{name}: {message}"] if name else message.split("\n")
    return lines


def _with_development_secrets(settings: Settings) -> Settings:
    """Fill in secrets that development may lack, kept in files so that every process has the same."""
    made = {
        "secret_key": lambda: secrets.token_urlsafe(32),
        "gatte_encryption_keys": lambda: "dev:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "whatsapp_app_secret": lambda: secrets.token_hex(16),
        "whatsapp_verify_token": lambda: secrets.token_urlsafe(16),
    }
    missing = [name for name in made if not getattr(settings, name).get_secret_value()]
    filled = {name: SecretStr(_kept(settings.gatte_folder / name, made[name]())) for name in missing}
    return settings.model_copy(update=filled)


def _kept(path: Path, fresh: str) -> str:
    """The content of a secret's file, made with `fresh` when there is none; the first of several processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(fresh)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


@lru_cache(maxsize=1)
def settings_or_exit() -> Settings:
    """The settings, or one line a problem on standard error and exit code 78: for the start of a process."""
    try:
        return load_settings()
    except BadSettings as error:
        for problem in error.problems:
            sys.stderr.write(f"gatte: bad setting: {problem}\n")
        raise SystemExit(EX_CONFIG) from None
