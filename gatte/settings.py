"""Every setting of GATTE: typed, checked together at start, never printed."""

import base64
import os
import secrets
import sys
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gatte import (
    backup_formats,
    connection_security,
    media_formats,
    secret_files,
    secret_strength,
)
from gatte import setting_formats as formats

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state
DEFAULT_MAX_WORKERS = 4  # each has its own models in memory
YEAR_SECONDS = (
    366 * 24 * 3600
)  # a longer time is a slip, and far longer ones are no time for Postgres
MOST_MONTHS = 240
WHATSAPP_VERSION = formats.matching(r"v\d{1,3}\.\d", "must be a version such as v25.0")
GEMINI_VERSION = formats.matching(
    r"v\d+((alpha|beta)\d*)?", "must be a version such as v1beta or v1"
)
MODEL_NAME = formats.matching(
    r"[\w.-]+(/[\w.-]+)*", "must be a model's name such as gemini-3.5-flash"
)
TEMPLATE_NAME = formats.matching(
    r"[a-z0-9_]{0,512}", "must be a template's name: lower-case letters, digits and underscores"
)
META_ID = formats.matching(r"\d{0,32}", "must be an id of Meta: digits only")
HOST_AND_PORT = formats.matching(
    r"([\w.-]+:\d{1,5})?", "must be a host and a port such as nginx:443"
)
LANGUAGE = formats.matching(r"[a-z]{2,3}(_[A-Z]{2})?", "must be a language such as pt_BR")
# Google's price pages, October 2026 (ai.google.dev/gemini-api/docs/pricing): text, paid tier,
# standard.
# An estimate to be kept up by hand.
MODEL_PRICES = (
    "gemini-3.5-flash-lite=0.30/2.50, gemini-3.5-flash=1.50/9.00, gemini-embedding-001=0.15/0"
)


class SecondFactorPolicy(StrEnum):
    """Who needs a second step to log in to the panel; others may have one."""

    OPTIONAL = "optional"
    ADMINS = "admins"
    EVERYONE = "everyone"

    def holds_for(self, role: str) -> bool:
        """Whether a user of this role must have it."""
        return self is SecondFactorPolicy.EVERYONE or (
            self is SecondFactorPolicy.ADMINS and role == "admin"
        )


class Environment(StrEnum):
    """Where this installation stands; production insists on TLS and on secrets that were set by
    hand.
    """

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class UncertainPolicy(StrEnum):
    """What becomes of a send whose outcome stays unknown."""

    RESEND = "resend"
    AGENT = "agent"


class EmbeddingProvider(StrEnum):
    """Who makes the vectors by which articles are found: the local model alone, or Gemini too."""

    LOCAL = "local"
    GEMINI = "gemini"


class ErasurePolicy(StrEnum):
    """Who carries out the erasure that a customer asked for and confirmed."""

    AGENT = "agent"
    AUTOMATIC = "automatic"


class BadSettings(Exception):
    """The settings cannot be used; `problems` has one line each, with no value of a secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


FORMER_NAMES = {
    "gatte_folder": "gatte_data_dir",
    "gatte_company": "gatte_company_name",
    "gatte_holidays_of": "gatte_holidays_state",
    "gatte_quiet_limit_seconds": "gatte_quiet_max_seconds",
    "gatte_gemini_rest_seconds": "gatte_gemini_breaker_reset_seconds",
    "gatte_pause_seconds": "gatte_number_pause_seconds",
    "gatte_window_template": "gatte_service_window_template",
    "gatte_window_template_language": "gatte_service_window_template_language",
    "gatte_timeout_seconds": "gatte_inactivity_timeout_seconds",
    "gatte_close_seconds": "gatte_inactivity_close_seconds",
    "gatte_warn_seconds": "gatte_agent_warning_seconds",
    "gatte_pool_size": "gatte_db_pool_size",
    "gatte_worker_threads": "gatte_worker_concurrency",
}
"""Settings by the names that they had before; these are read for one release more."""


class FormerNamesSource(PydanticBaseSettingsSource):
    """Values that environment or .env give under a former name; those under a name of today win,
    wherever they stand.
    """

    def __init__(
        self,
        settings_class: type[BaseSettings],
        environment: EnvSettingsSource,
        file: EnvSettingsSource,
    ) -> None:
        super().__init__(settings_class)
        self._given = {**file.env_vars, **environment.env_vars}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Not asked: `__call__` gives all values."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        return {
            name: value
            for former, name in FORMER_NAMES.items()
            if (value := self._given.get(former)) is not None
        }


class SecretFilesSource(PydanticBaseSettingsSource):
    """Secrets from the files that environment or .env name (SECRET_KEY_FILE for SECRET_KEY)."""

    def __init__(
        self,
        settings_class: type[BaseSettings],
        environment: EnvSettingsSource,
        file: EnvSettingsSource,
    ) -> None:
        super().__init__(settings_class)
        given = {**file.env_vars, **environment.env_vars}
        self._files = secret_files.read_secret_files(secret_names(settings_class), given)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Not asked: `__call__` gives all values."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        return dict(self._files)


class Settings(BaseSettings):
    """The settings, read from the environment and .env (the environment wins), secrets also from
    files that these name.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
        validate_default=True,
    )

    gatte_env: Environment = Environment.DEVELOPMENT
    database_url: Annotated[SecretStr, AfterValidator(formats.postgres_url)]
    gatte_migration_database_url: Annotated[
        SecretStr, AfterValidator(formats.optional_postgres_url)
    ] = SecretStr("")
    """The login of the role that owns the tables, for `flask migrate` alone; empty: that of
    `database_url`, whose role then owns them itself."""
    redis_url: Annotated[SecretStr, AfterValidator(formats.redis_url)] = SecretStr(
        "redis://127.0.0.1:6379/0"
    )
    secret_key: SecretStr = SecretStr("")
    secret_key_fallbacks: Annotated[SecretStr, AfterValidator(formats.app_secrets)] = SecretStr("")
    """Former values of SECRET_KEY, parted by commas: what they signed holds on."""
    gatte_encryption_keys: Annotated[SecretStr, AfterValidator(formats.master_keys)] = SecretStr("")
    gatte_data_dir: Annotated[Path, AfterValidator(formats.folder)] = Path(".gatte")
    gatte_erasure_ledger: Annotated[str, AfterValidator(formats.ledger_file)] = ""
    """The file of the erasure ledger, which must not be restored with the database; empty: in
    `gatte_data_dir`."""
    gatte_company_name: str = Field(default="Certifica Já", min_length=1, max_length=200)
    gatte_timezone: Annotated[str, AfterValidator(formats.time_zone)] = "America/Sao_Paulo"
    gatte_business_hours: Annotated[str, AfterValidator(formats.business_hours)] = (
        "seg-sex 08:00-18:00"
    )
    gatte_holidays_state: Annotated[str, AfterValidator(formats.holiday_state)] = "SP"
    gatte_appointment_minutes: int = Field(default=30, ge=5, le=480)
    gatte_appointments_at_once: int = Field(default=1, ge=1, le=100)
    gatte_appointment_notice_minutes: int = Field(default=30, ge=0, le=20_160)
    gatte_appointment_day_reminder: bool = True
    """Whether contacts are reminded of an appointment on the working day before."""
    gatte_appointment_reminder_hours: int = Field(default=2, ge=0, le=24)
    """How many hours before an appointment its contact is reminded (again); 0: not."""
    gatte_certificate_reminders: bool = True
    """Whether contacts are reminded of the end of their certificates."""
    gatte_log_level: Annotated[str, AfterValidator(formats.log_level)] = "INFO"
    gatte_log_format: Annotated[str, AfterValidator(formats.log_format)] = ""

    whatsapp_access_token: Annotated[SecretStr, AfterValidator(formats.header_secret)] = SecretStr(
        ""
    )
    whatsapp_verify_token: SecretStr = SecretStr("")
    whatsapp_app_secret: Annotated[SecretStr, AfterValidator(formats.app_secrets)] = SecretStr("")
    whatsapp_phone_number_id: Annotated[str, META_ID] = ""
    """The number from which the company begins conversations: reminders and other notices."""
    whatsapp_business_account_id: Annotated[str, META_ID] = ""
    """The WhatsApp Business account of that number, whose templates are synced."""
    whatsapp_api_base_url: Annotated[str, AfterValidator(formats.http_url)] = (
        "https://graph.facebook.com"
    )
    whatsapp_api_version: Annotated[str, WHATSAPP_VERSION] = "v25.0"

    gemini_api_key: Annotated[SecretStr, AfterValidator(formats.header_secret)] = SecretStr("")
    gemini_base_url: Annotated[str, AfterValidator(formats.http_url)] = ""
    gemini_api_version: Annotated[str, GEMINI_VERSION] = "v1beta"
    gemini_classifier_model: Annotated[str, MODEL_NAME] = "gemini-3.5-flash-lite"
    gemini_responder_model: Annotated[str, MODEL_NAME] = "gemini-3.5-flash"
    gemini_embedding_model: Annotated[str, MODEL_NAME] = "gemini-embedding-001"
    gatte_embeddings: EmbeddingProvider = EmbeddingProvider.LOCAL
    """Who makes the vectors by which articles are found."""

    gatte_gemini_timeout_seconds: float = Field(default=8.0, gt=0, le=60)
    """How long an answer of Gemini is waited for; then the local way answers."""
    gatte_gemini_breaker_reset_seconds: float = Field(default=30.0, gt=0, le=3600)
    """How long Gemini is not asked after several failures in a row, until a probe."""

    gatte_model_prices: Annotated[str, AfterValidator(formats.priced_models)] = MODEL_PRICES
    """US dollars for a million tokens read and written, by model."""
    gatte_brl_per_usd: Decimal = Field(default=Decimal("5.40"), gt=0, le=1000)
    gatte_meta_prices: Annotated[str, AfterValidator(formats.message_fees)] = ""
    """US dollars for a message by Meta's category, in place of those in meta_fees.toml."""
    gatte_daily_budget_brl: Decimal = Field(default=Decimal(0), ge=0, le=10_000_000)
    """What models and Meta may cost in a day; then the local way answers. 0: no limit."""
    gatte_monthly_budget_brl: Decimal = Field(default=Decimal(0), ge=0, le=100_000_000)
    gatte_prompt_tokens: int = Field(default=12_000, ge=6_000, le=200_000)
    """The longest request to a model, in tokens; longer ones are trimmed, or not sent."""

    gatte_quiet_seconds: float = Field(default=2.0, ge=0, le=30)
    gatte_quiet_max_seconds: float = Field(default=10.0, ge=0, le=120)
    gatte_lease_seconds: float = Field(default=60.0, ge=1, le=600)
    gatte_uncertain_grace_seconds: float = Field(default=30.0, ge=0, le=3600)
    gatte_uncertain_policy: UncertainPolicy = UncertainPolicy.RESEND
    gatte_number_rate_per_second: float = Field(default=80.0, gt=0, le=1000)
    gatte_number_pause_seconds: float = Field(default=15.0, gt=0, le=900)
    """How long a number's sending pauses at first when Meta takes nothing from it; then twice as
    long each time, up to 15 minutes."""
    gatte_service_window_template: Annotated[str, TEMPLATE_NAME] = ""
    """The template that is sent in place of an answer of the bot for which the 24 h window is over;
    without one the desk gets a task."""
    gatte_service_window_template_language: Annotated[str, LANGUAGE] = "pt_BR"
    gatte_identity_code_template: Annotated[str, TEMPLATE_NAME] = ""
    """The authentication template (with a button that copies the code) by which a code goes to a
    registered contact outside the 24 h window; without one a person checks."""
    gatte_identity_code_template_language: Annotated[str, LANGUAGE] = "pt_BR"
    gatte_contact_rate_per_minute: int = Field(default=20, ge=1, le=10_000)
    gatte_api_rate_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    """How many requests a token of the API may make in a minute."""
    gatte_webhook_private_addresses: bool = False
    """Whether our webhooks may go to addresses that are not public."""
    gatte_mute_minutes: int = Field(default=60, ge=1, le=YEAR_SECONDS // 60)
    gatte_spam_blocklist: str = ""
    gatte_nudge_seconds: int = Field(default=600, gt=0, le=YEAR_SECONDS)
    gatte_flow_timeout_seconds: int = Field(default=1800, gt=0, le=YEAR_SECONDS)
    gatte_inactivity_timeout_seconds: int = Field(default=3600, gt=0, le=YEAR_SECONDS)
    gatte_inactivity_close_seconds: int = Field(default=24 * 3600, gt=0, le=YEAR_SECONDS)
    gatte_agent_warning_seconds: int = Field(default=600, gt=0, le=YEAR_SECONDS)
    gatte_model_auto_promotion: bool = False
    """Whether the weekly training lets a challenger answer that passed the gate; else an admin
    does."""

    gatte_erasure_policy: ErasurePolicy = ErasurePolicy.AGENT
    gatte_erasure_delay_hours: int = Field(default=24, ge=0, le=15 * 24)
    """How long after a customer's request an automatic erasure waits, so that it can be taken back;
    the law gives 15 days."""
    gatte_retention_text_months: int = Field(default=12, ge=1, le=MOST_MONTHS)
    """How long closed conversations are kept; 24 where Decreto 11.034/2022 (SAC) holds."""
    gatte_retention_ticket_months: int = Field(default=24, ge=1, le=MOST_MONTHS)
    gatte_retention_lead_months: int = Field(default=24, ge=1, le=MOST_MONTHS)
    gatte_retention_certificate_months: int = Field(default=12, ge=1, le=MOST_MONTHS)
    """How long a certificate is kept after its end."""
    gatte_retention_llm_call_months: int = Field(default=12, ge=1, le=MOST_MONTHS)
    gatte_retention_audit_months: int = Field(default=60, ge=6, le=MOST_MONTHS)
    gatte_retention_trace_days: int = Field(default=90, ge=7, le=3650)
    gatte_retention_webhook_days: int = Field(default=30, ge=8, le=365)
    """How long webhook events and messages that could not be processed are kept; the key under
    which they came in is destroyed a day later."""

    gatte_retention_media_days: int = Field(default=30, ge=1, le=3650)
    """How long files that customers sent are kept."""

    gatte_media_dir: Annotated[str, AfterValidator(media_formats.media_place)] = ""
    """A folder, or s3://bucket/prefix, where files of customers lie; all hosts must share it.
    Empty: `media` in `gatte_data_dir`."""
    gatte_media_kinds: Annotated[str, AfterValidator(media_formats.media_kinds)] = ",".join(
        media_formats.KINDS
    )
    """The kinds of files that are kept, parted by commas; none: no files are fetched."""
    gatte_media_max_mb: int = Field(default=25, ge=1, le=100)
    """The largest file that is kept; WhatsApp's own limits are lower for most kinds."""
    gatte_media_s3_endpoint: Annotated[str, AfterValidator(formats.http_url)] = ""
    """Where an S3-compatible storage is; empty: AWS."""
    gatte_media_s3_region: str = "us-east-1"
    gatte_media_s3_access_key_id: str = ""
    gatte_media_s3_secret_access_key: SecretStr = SecretStr("")

    gatte_backup_database_url: Annotated[
        SecretStr, AfterValidator(formats.optional_postgres_url)
    ] = SecretStr("")
    """The role that reads the database for backups, and may replicate it; empty: that of
    `database_url`, which cannot make base backups where it owns nothing."""
    gatte_backup_destination: Annotated[str, AfterValidator(backup_formats.backup_destination)] = ""
    """A folder, or s3://bucket/prefix, where backups go; empty: there are none."""
    gatte_backup_recipient: Annotated[str, AfterValidator(backup_formats.backup_recipient)] = ""
    """The public keys of age to which backups are encrypted."""
    gatte_backup_folders: Annotated[str, AfterValidator(backup_formats.backup_folders)] = ""
    """Folders that are backed up with the database; empty: that of customers' files, unless these
    lie in a bucket; none: no folder."""
    gatte_backup_point_in_time: bool = False
    """Whether each night also a base backup is made, from which the archived WAL leads on."""
    gatte_backup_keep_daily: int = Field(default=7, ge=1, le=366)
    gatte_backup_keep_weekly: int = Field(default=4, ge=0, le=520)
    gatte_backup_keep_monthly: int = Field(default=6, ge=0, le=240)
    gatte_backup_s3_endpoint: Annotated[str, AfterValidator(formats.http_url)] = ""
    """Where an S3-compatible storage is; empty: AWS."""
    gatte_backup_s3_region: str = "us-east-1"
    gatte_backup_s3_access_key_id: str = ""
    gatte_backup_s3_secret_access_key: SecretStr = SecretStr("")
    gatte_postgres_bin_dir: str = ""
    """The folder of pg_dump and its siblings; empty: where they usually are."""

    gatte_worker_processes: int = Field(default=0, ge=0, le=64)
    """0: in production one for each core, four at most; in development one."""
    gatte_worker_concurrency: int = Field(default=96, ge=1, le=500)
    gatte_worker_max_jobs: int = Field(default=200_000, ge=0)
    """After so many jobs a worker process is replaced by a fresh one; 0: never."""
    gatte_worker_max_memory_mb: int = Field(default=1024, ge=0)
    """A worker process is replaced when its resident memory has grown beyond this; 0: never."""
    gatte_db_pool_size: int = Field(default=10, ge=1, le=200)
    gatte_trusted_proxies: int = Field(default=0, ge=0, le=5)
    web_concurrency: int = Field(default=2, ge=1, le=256)
    gatte_bind: Annotated[str, AfterValidator(formats.listen_address)] = ""
    """Where gunicorn listens; empty: on all addresses, at `port`."""
    gatte_domain: Annotated[str, formats.DOMAIN] = "localhost"
    """The host by which the installation is reached; production refuses requests for any other."""
    gatte_certificate_address: Annotated[str, HOST_AND_PORT] = ""
    """Where the certificate of `gatte_domain` is looked at; empty: port 443 of that domain."""
    gatte_prometheus_url: Annotated[str, AfterValidator(formats.http_url)] = ""
    """The Prometheus that watches this installation; `flask check` asks it for its rules."""
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(formats.http_url)] = ""
    """Where traces go by OTLP over HTTP, without `/v1/traces`; empty: there are no traces."""
    otel_exporter_otlp_headers: Annotated[SecretStr, AfterValidator(formats.http_headers)] = (
        SecretStr("")
    )
    """Headers for it, as `name=value,name=value`."""
    gatte_trace_share: float = Field(default=1.0, ge=0, le=1)
    """The share of traces that are kept."""
    sentry_dsn: Annotated[SecretStr, AfterValidator(formats.sentry_dsn)] = SecretStr("")
    """Where errors are reported in Sentry's format; empty: nowhere."""
    port: int = Field(default=8000, ge=1, le=65535)
    gatte_panel_session_hours: int = Field(default=12, ge=1, le=24 * 30)
    """How long a login to the panel lasts at most."""
    gatte_panel_idle_minutes: int = Field(default=120, ge=5, le=24 * 60)
    """How long a login lasts in which nobody does anything; open pages that refresh themselves do
    not count."""
    gatte_panel_fresh_minutes: int = Field(default=15, ge=1, le=24 * 60)
    """How long after typing the password accounts and keys may be changed in the panel."""
    gatte_panel_second_factor: SecondFactorPolicy = SecondFactorPolicy.OPTIONAL
    """Who must type a code of an authenticator app after the password: optional, admins,
    everyone."""
    gatte_simulator: bool | None = None
    """Whether the panel has the simulator; not set: everywhere but in production."""

    @field_validator("*", mode="before")
    @classmethod
    def _readable_file(cls, value: object) -> object:
        if isinstance(value, secret_files.UnusableFile):
            raise ValueError(value.problem)  # noqa: TRY004 - pydantic takes it as a bad value
        return value

    @field_validator("secret_key", "gatte_encryption_keys", mode="after")
    @classmethod
    def _required_in_production(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("gatte_env") is Environment.PRODUCTION and not secret.get_secret_value():
            raise ValueError("is required in production")
        return secret

    @field_validator("secret_key", mode="after")
    @classmethod
    def _strong_in_production(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("gatte_env") is Environment.PRODUCTION and secret_strength.is_guessable(
            secret.get_secret_value()
        ):
            raise ValueError("is too short or repeats itself: 32 random characters at least")
        return secret

    @field_validator("gatte_embeddings", mode="after")
    @classmethod
    def _key_for_embeddings(
        cls, provider: EmbeddingProvider, info: ValidationInfo
    ) -> EmbeddingProvider:
        key: SecretStr | None = info.data.get("gemini_api_key")
        if provider is EmbeddingProvider.GEMINI and key is not None and not key.get_secret_value():
            raise ValueError("gemini needs GEMINI_API_KEY: set it, or choose local")
        return provider

    @field_validator("gatte_backup_recipient", mode="after")
    @classmethod
    def _required_beside_the_destination(cls, spelled: str, info: ValidationInfo) -> str:
        if info.data.get("gatte_backup_destination") and not spelled:
            raise ValueError("is required beside GATTE_BACKUP_DESTINATION: flask backup keygen")
        return spelled

    @field_validator(
        "database_url", "gatte_migration_database_url", "gatte_backup_database_url", mode="after"
    )
    @classmethod
    def _tls_to_the_database(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        in_production = info.data.get("gatte_env") is Environment.PRODUCTION
        if in_production and url.get_secret_value():
            connection_security.check_database_url(url)
        return url

    @field_validator("redis_url", mode="after")
    @classmethod
    def _tls_to_redis(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("gatte_env") is Environment.PRODUCTION:
            connection_security.check_redis_url(url)
        return url

    @field_validator("gatte_encryption_keys", mode="after")
    @classmethod
    def _random_keys_in_production(cls, text: SecretStr, info: ValidationInfo) -> SecretStr:
        in_production = info.data.get("gatte_env") is Environment.PRODUCTION
        keys = formats.parsed_master_keys(text.get_secret_value()) if in_production else {}
        if any(secret_strength.is_typed_key(key) for key in keys.values()):
            raise ValueError("has a key that was typed: echo k1:$(openssl rand -base64 32)")
        return text

    @field_validator("whatsapp_verify_token", "whatsapp_app_secret", mode="after")
    @classmethod
    def _long_in_production(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        spelled = secret.get_secret_value()
        if info.data.get("gatte_env") is not Environment.PRODUCTION or not spelled:
            return secret
        if any(len(one.strip()) < formats.LEAST_SECRET_LENGTH for one in spelled.split(",")):
            raise ValueError("is blank in a place, or shorter than 16 characters")
        return secret

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What stands before in the list wins: a file that cannot be used is told even where the
        setting is given too, and former names come last.
        """
        usual = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        if not isinstance(env_settings, EnvSettingsSource):
            return usual
        if not isinstance(dotenv_settings, DotEnvSettingsSource):
            return usual
        files = SecretFilesSource(settings_cls, env_settings, dotenv_settings)
        former = FormerNamesSource(settings_cls, env_settings, dotenv_settings)
        return (init_settings, files, *usual[1:], former)

    @property
    def production(self) -> bool:
        """Whether this is a production installation."""
        return self.gatte_env is Environment.PRODUCTION

    @property
    def simulator(self) -> bool:
        """Whether the panel has the simulator."""
        return not self.production if self.gatte_simulator is None else self.gatte_simulator

    @property
    def notices_are_simulated(self) -> bool:
        """Whether notices leave from the simulator's number, as without an access token. In
        production only workers know the token: there the number of the settings is enough.
        """
        has_token = bool(self.whatsapp_access_token.get_secret_value())
        is_real = self.production and bool(self.whatsapp_phone_number_id)
        return not (has_token or is_real)

    @property
    def worker_processes(self) -> int:
        """How many worker processes to run on this host."""
        if self.gatte_worker_processes:
            return self.gatte_worker_processes
        return min(len(os.sched_getaffinity(0)), DEFAULT_MAX_WORKERS) if self.production else 1

    @property
    def migration_database_url(self) -> str:
        """Where `flask migrate` connects."""
        own = self.gatte_migration_database_url.get_secret_value()
        return own or self.database_url.get_secret_value()

    @property
    def backup_database_url(self) -> str:
        """The database as backups read it."""
        own = self.gatte_backup_database_url.get_secret_value()
        return own or self.database_url.get_secret_value()

    @property
    def database_role(self) -> str:
        """The role as which the application connects; empty where the URL does not say it."""
        return formats.user_of(self.database_url)

    @property
    def erasure_ledger(self) -> Path:
        """The file of the erasure ledger."""
        named = self.gatte_erasure_ledger
        return Path(named) if named else self.gatte_data_dir / "erasures.jsonl"

    @property
    def backup_recipients(self) -> list[str]:
        """The public keys of age to which backups are encrypted."""
        return backup_formats.recipient_list(self.gatte_backup_recipient)

    @property
    def backup_folders(self) -> list[Path]:
        """The folders that are backed up with the database."""
        if self.gatte_backup_folders == backup_formats.NO_FOLDERS:
            return []
        named = backup_formats.folder_list(self.gatte_backup_folders)
        media = Path(self.media_place).resolve()
        return [media] if not named and media.is_dir() else named

    @property
    def media_place(self) -> str:
        """Where files of customers lie: the path of a folder, or s3://bucket/prefix."""
        return self.gatte_media_dir or str(self.gatte_data_dir / "media")

    @property
    def media_kinds(self) -> list[str]:
        """The kinds of files that are kept."""
        return media_formats.kind_list(self.gatte_media_kinds)

    @property
    def master_keys(self) -> dict[str, bytes]:
        """The master keys by id; the first encrypts."""
        return formats.parsed_master_keys(self.gatte_encryption_keys.get_secret_value())

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The key that signs for the panel, and behind it the former ones, which still hold."""
        former = self.secret_key_fallbacks.get_secret_value().split(",")
        kept = [key.strip() for key in former if key.strip()]
        return (self.secret_key.get_secret_value(), *kept)

    @property
    def app_secrets(self) -> tuple[str, ...]:
        """The app secrets that a webhook may be signed with; two while rotating."""
        return tuple(
            secret.strip()
            for secret in self.whatsapp_app_secret.get_secret_value().split(",")
            if secret.strip()
        )

    @property
    def limits_url(self) -> str:
        """The URL of Redis as the package `limits` spells it."""
        url = self.redis_url.get_secret_value()
        return f"redis+{url}" if url.startswith("unix://") else url

    @property
    def bind(self) -> str:
        """Where gunicorn listens."""
        return self.gatte_bind or f"0.0.0.0:{self.port}"

    @property
    def time_zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.gatte_timezone)


def load_settings() -> Settings:
    """The settings of this process, with development secrets filled in; BadSettings lists every
    problem at once.
    """
    settings = _read({})
    return settings if settings.production else _read(_development_secrets(settings))


def former_names_given() -> dict[str, str]:
    """Former names that the environment or .env use, with the names of today; in capitals."""
    written = {name.lower() for name, value in dotenv_values(".env").items() if value}
    given = written | {name.lower() for name, value in os.environ.items() if value}
    return {
        former.upper(): name.upper() for former, name in FORMER_NAMES.items() if former in given
    }


def _read(filled: dict[str, SecretStr]) -> Settings:
    """The settings, with some values that environment and .env lack."""
    try:
        return Settings(**filled)  # type: ignore[arg-type]  # by the name of the field
    except ValidationError as error:
        raise BadSettings(_problems(error)) from None
    except UnicodeDecodeError:
        raise BadSettings([".env: must be a text in UTF-8"]) from None
    except OSError as error:
        raise BadSettings([f".env: cannot be read ({error.strerror})"]) from None


def secret_names(settings_class: type[BaseSettings]) -> list[str]:
    """The settings that are secrets, by their names in small letters."""
    fields = settings_class.model_fields.items()
    return [name for name, field in fields if field.annotation is SecretStr]


def missing_webhook_secrets(settings: Settings) -> list[str]:
    """Why a web process of this installation could take no webhook, a line a problem: in production
    the secrets of the webhook are required beside the access token, which workers alone need.
    """
    if not settings.production or not settings.whatsapp_access_token.get_secret_value():
        return []
    secrets_of_webhook = {
        "WHATSAPP_VERIFY_TOKEN": settings.whatsapp_verify_token,
        "WHATSAPP_APP_SECRET": settings.whatsapp_app_secret,
    }
    return [
        f"{name}: is required in production beside WHATSAPP_ACCESS_TOKEN"
        for name, secret in secrets_of_webhook.items()
        if not secret.get_secret_value()
    ]


def _problems(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is required, and neither the environment nor .env has it"
        lines += [f"{name}: {message}"] if name else message.split("\n")
    return lines


def _development_secrets(settings: Settings) -> dict[str, SecretStr]:
    """Secrets that development may lack, kept in files so that every process has the same."""
    made = {
        "secret_key": lambda: secrets.token_urlsafe(32),
        "gatte_encryption_keys": lambda: (
            "dev:" + base64.b64encode(secrets.token_bytes(32)).decode()
        ),
        "whatsapp_app_secret": lambda: secrets.token_hex(16),
        "whatsapp_verify_token": lambda: secrets.token_urlsafe(16),
    }
    missing = [name for name in made if not getattr(settings, name).get_secret_value()]
    return {
        name: SecretStr(_read_or_create_secret(settings.gatte_data_dir / name, made[name]()))
        for name in missing
    }


def _read_or_create_secret(path: Path, fresh: str) -> str:
    """The content of a secret's file, made with `fresh` when there is none."""
    try:
        _make_once(path, fresh)
        kept = path.read_text().strip()
    except OSError as error:
        raise BadSettings([f"GATTE_DATA_DIR: {path} cannot be kept ({error.strerror})"]) from None
    if not kept:
        raise BadSettings([f"GATTE_DATA_DIR: {path} is empty: delete it, and a new secret is made"])
    return kept


def _make_once(path: Path, fresh: str) -> None:
    """Write a file unless it is there; the first of several processes wins."""
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


@lru_cache(maxsize=1)
def settings_or_exit() -> Settings:
    """The settings, or one line a problem on standard error and exit code 78: for the start of a
    process.
    """
    try:
        return load_settings()
    except BadSettings as error:
        end_with_problems(error.problems)


def end_with_problems(problems: list[str]) -> NoReturn:
    """End the process with exit code 78, after a line a problem on standard error."""
    for problem in problems:
        sys.stderr.write(f"gatte: bad setting: {problem}\n")
    raise SystemExit(EX_CONFIG) from None
