"""No value that passes at start may break a turn later: a bad one is told at start, in a line."""

import subprocess
import sys
from pathlib import Path

import pytest

from gatte.settings import Settings, missing_webhook_secrets, settings_or_exit
from tests import process_system

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
GOOD = process_system.settings(
    "postgresql://gatte:hunter2@127.0.0.1:5432/gatte", "redis://127.0.0.1:6379/0"
)
PAIRS = "must be id:base64 pairs parted by commas"
DATABASE = "must be a URL such as postgresql://user:password@host:5432/database"
SERVICE = "must be a URL such as https://host or http://host:port/path"
HEADER = "must hold no blank, line break or accented letter"
DOMAIN = "must be a host's name in small letters, such as atendimento.empresa.com.br"
NUMBER = "Input should be a valid integer, unable to parse string as an integer"
BAD = [
    ("GATTE_BUSINESS_HOURS", "foo", "'foo' should look like seg-sex 08:00-18:00"),
    ("GATTE_BUSINESS_HOURS", ",", "must be hours such as seg-sex 08:00-18:00, or sempre"),
    (
        "GATTE_BUSINESS_HOURS",
        "seg-feira 08:00-18:00",
        "'seg-feira 08:00-18:00' should look like seg-sex 08:00-18:00",
    ),
    (
        "GATTE_BUSINESS_HOURS",
        "seg-fri 08:00-18:00",
        "'fri' is no day: the days are seg, ter, qua, qui, sex, sab, dom",
    ),
    (
        "GATTE_BUSINESS_HOURS",
        "sex-seg 08:00-18:00",
        "'sex-seg 08:00-18:00' ends on a day before it begins: spell it as two spans",
    ),
    (
        "GATTE_BUSINESS_HOURS",
        "seg 08:00-25:00",
        "25:00 is no time of day: they go from 00:00 to 23:59",
    ),
    (
        "GATTE_BUSINESS_HOURS",
        "seg 18:00-08:00",
        "'seg 18:00-08:00' closes before it opens: spell hours over midnight as two spans",
    ),
    ("GATTE_HOLIDAYS_STATE", "XX", "must be a state of Brazil in two letters, such as SP"),
    ("GATTE_TIMEZONE", "Mars/Olympus", "must be a time zone such as America/Sao_Paulo"),
    ("GATTE_TIMEZONE", "America", "must be a time zone such as America/Sao_Paulo"),
    ("GATTE_LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ("GATTE_LOG_FORMAT", "xml", "must be json or text, or empty"),
    ("GATTE_ENV", "staging", "Input should be 'development' or 'production'"),
    ("GATTE_UNCERTAIN_POLICY", "drop", "Input should be 'resend' or 'agent'"),
    ("GATTE_ENCRYPTION_KEYS", ",", f"holds no key: {PAIRS}"),
    ("GATTE_ENCRYPTION_KEYS", "hunter2hunter2", f"{PAIRS}, each key 32 bytes long"),
    ("GATTE_ENCRYPTION_KEYS", "k1:aHVudGVyMg==", f"{PAIRS}, each key 32 bytes long"),
    (
        "GATTE_ENCRYPTION_KEYS",
        f"k1:{KEY},k1:{KEY}",
        "has two keys of one id (the 2. repeats an earlier id)",
    ),
    (
        "GATTE_ENCRYPTION_KEYS",
        "k1:" + "A" * 43 + "=",
        "has a weak key, which repeats itself: echo k1:$(openssl rand -base64 32)",
    ),
    ("DATABASE_URL", "mysql://gatte:hunter2@db/gatte", "must be a postgresql:// URL"),
    ("DATABASE_URL", "postgresql://gatte:hunter2@db", DATABASE),
    ("DATABASE_URL", "postgresql://gatte:hunter2@db:port/gatte", DATABASE),
    (
        "DATABASE_URL",
        "postgresql://gatte:hunter2@db:70000/gatte",
        "has a port that is not between 1 and 65535",
    ),
    (
        "DATABASE_URL",
        "postgresql://gatte:hunter2@db/gatte?sslmod=require",
        "has an option after ? that libpq does not know, or one twice",
    ),
    (
        "DATABASE_URL",
        "postgresql://gatte:hunter2@db/gatte?sslmode=on",
        "sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
    ),
    ("REDIS_URL", "http://:hunter2@redis:6379", "must be a redis://, rediss:// or unix:// URL"),
    (
        "REDIS_URL",
        "redis://:hunter2@redis:port/0",
        "must be a URL such as redis://:password@host:6379/0",
    ),
    (
        "REDIS_URL",
        "redis://:hunter2@redis:6379/zero",
        "must be a URL such as redis://:password@host:6379/0",
    ),
    (
        "REDIS_URL",
        "redis://:hunter2@redis/0?retries=3",
        "must be a URL such as redis://:password@host:6379/0",
    ),
    ("WHATSAPP_ACCESS_TOKEN", "hunter2 hunter2", HEADER),
    ("WHATSAPP_APP_SECRET", ",", "holds no secret between its commas"),
    ("WHATSAPP_API_BASE_URL", "graph.facebook.com", SERVICE),
    ("WHATSAPP_API_BASE_URL", "https://graph.facebook.com:0x1bb", SERVICE),
    ("WHATSAPP_API_VERSION", "25", "must be a version such as v25.0"),
    ("GEMINI_API_KEY", "hunter2\u200b", HEADER),
    ("GEMINI_BASE_URL", "ftp://gemini", SERVICE),
    ("GEMINI_API_VERSION", "beta", "must be a version such as v1beta or v1"),
    (
        "GEMINI_RESPONDER_MODEL",
        "Gemini 3.5 Flash",
        "must be a model's name such as gemini-3.5-flash",
    ),
    (
        "GATTE_MODEL_PRICES",
        "gemini-3.5-flash=cheap",
        "must be model=read/written pairs parted by commas, in US dollars for a million tokens",
    ),
    ("GATTE_MODEL_PRICES", "a=1/2, models/a=3/4", "has two prices for a"),
    ("GATTE_QUIET_SECONDS", "-1", "Input should be greater than or equal to 0"),
    ("GATTE_QUIET_SECONDS", "nan", "Input should be less than or equal to 30"),
    ("GATTE_NUDGE_SECONDS", "-600", "Input should be greater than 0"),
    (
        "GATTE_INACTIVITY_CLOSE_SECONDS",
        "99999999999",
        "Input should be less than or equal to 31622400",
    ),
    (
        "GATTE_SERVICE_WINDOW_TEMPLATE",
        "Volte Aqui",
        "must be a template's name: lower-case letters, digits and underscores",
    ),
    ("GATTE_SERVICE_WINDOW_TEMPLATE_LANGUAGE", "português", "must be a language such as pt_BR"),
    ("GATTE_DATA_DIR", __file__, "must be a folder, and a file is in its way"),
    ("WEB_CONCURRENCY", "two", NUMBER),
    ("WEB_CONCURRENCY", "0", "Input should be greater than or equal to 1"),
    ("GATTE_BIND", "nowhere", "must be an address such as 0.0.0.0:8000 or unix:/run/gatte.sock"),
    ("GATTE_BIND", "127.0.0.1:70000", "has a port that is not between 1 and 65535"),
    ("PORT", "http", NUMBER),
]


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Good settings alone, whatever this machine has set."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    settings_or_exit.cache_clear()
    yield monkeypatch
    settings_or_exit.cache_clear()


def lines_at_exit(capsys) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        settings_or_exit()
    assert ended.value.code == 78
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("name", "value", "problem"), BAD, ids=[f"{name}={value[:24]}" for name, value, _ in BAD]
)
def test_a_bad_setting_ends_the_process_with_78_and_one_clear_line(
    environment, capsys, name, value, problem
):
    environment.setenv(name, value)

    lines = lines_at_exit(capsys)

    assert lines == [f"gatte: bad setting: {name}: {problem}"]
    assert "hunter2" not in lines[0]
    assert KEY not in lines[0]


def test_all_bad_settings_are_told_together(environment, capsys):
    worst = {name: value for name, value, _ in BAD}
    for name, value in worst.items():
        environment.setenv(name, value)

    told = [line.split(": ")[2] for line in lines_at_exit(capsys)]

    assert sorted(told) == sorted(worst)


STRONG = {
    "GATTE_ENV": "production",
    "SECRET_KEY": "pZ4vR8nKq2WxT7mYc1LdJ5sHf9BgE3uA-oQ6iXyN",
    "GATTE_ENCRYPTION_KEYS": "k1:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA=",
    "WHATSAPP_APP_SECRET": "5f2b8c1e9d7a4036b1c8e2f7a9d04c63",
    "WHATSAPP_VERIFY_TOKEN": "a-word-of-the-tests-for-meta",
}
"""Good settings of production."""
REMOTE = "a database on another host needs TLS: add ?sslmode=verify-full (or require)"
SERVICE_FILE = "names a service (here or in PGSERVICE): spell host and sslmode instead"
REDIS_TLS = "a Redis on another host needs TLS: rediss://:password@host:6379/0"
REDIS_PASSWORD = "a Redis on another host needs a password: rediss://:password@host:6379/0"
WEAK = "is too short or repeats itself: 32 random characters at least"
TYPED = "has a key that was typed: echo k1:$(openssl rand -base64 32)"
BLANK = "is blank in a place, or shorter than 16 characters"
DB = "postgresql://gatte:hunter2@"
BAD_IN_PRODUCTION = [
    ("DATABASE_URL", f"{DB}db.example/gatte", REMOTE),
    ("DATABASE_URL", f"{DB}db.example/gatte?sslmode=disable", REMOTE),
    ("DATABASE_URL", f"{DB}db.example/gatte?sslmode=allow", REMOTE),
    ("DATABASE_URL", f"{DB}db.example/gatte?sslmode=prefer", REMOTE),
    ("DATABASE_URL", f"{DB}db.example/gatte?application_name=sslmode%3Drequire", REMOTE),
    ("DATABASE_URL", f"{DB}/gatte?host=db.example", REMOTE),
    ("DATABASE_URL", f"{DB}127.0.0.1/gatte?host=db.example", REMOTE),
    ("DATABASE_URL", f"{DB}/gatte?host=localhost,db.example", REMOTE),
    ("DATABASE_URL", f"{DB}/gatte?host=localhost:5432&host=db.example:5432", REMOTE),
    ("DATABASE_URL", f"{DB}127.0.0.1/gatte?hostaddr=203.0.113.5", REMOTE),
    ("DATABASE_URL", f"{DB}localhost/gatte?hostaddr=127.0.0.1,203.0.113.5", REMOTE),
    ("DATABASE_URL", f"{DB}localhost.db.example/gatte", REMOTE),
    ("DATABASE_URL", f"{DB}[2001:db8::5]/gatte", REMOTE),
    ("DATABASE_URL", f"{DB}/gatte?service=production", SERVICE_FILE),
    ("DATABASE_URL", f"{DB}db.example/gatte?service=x&sslmode=require", SERVICE_FILE),
    ("REDIS_URL", "redis://:hunter2@redis.example:6379/0", REDIS_TLS),
    ("REDIS_URL", "redis://redis.example/0", REDIS_TLS),
    ("REDIS_URL", "redis://localhost.example/0", REDIS_TLS),
    ("REDIS_URL", "redis:///0?host=redis.example", REDIS_TLS),
    ("REDIS_URL", "rediss://redis.example/0", REDIS_PASSWORD),
    ("REDIS_URL", "rediss://gatte@redis.example/0", REDIS_PASSWORD),
    (
        "REDIS_URL",
        "rediss://:hunter2@redis.example/0?ssl_cert_reqs=none",
        "ssl_cert_reqs must be required, so that the certificate is checked",
    ),
    ("SECRET_KEY", "short", WEAK),
    ("SECRET_KEY", "a" * 64, WEAK),
    ("SECRET_KEY", "abcdefgh" * 4, WEAK),
    ("SECRET_KEY", "0123456789abcdef0123456789abcdef", WEAK),
    ("SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789", WEAK),
    ("GATTE_ENCRYPTION_KEYS", f"k1:{KEY}", TYPED),
    ("GATTE_ENCRYPTION_KEYS", f"{STRONG['GATTE_ENCRYPTION_KEYS']},old:{KEY}", TYPED),
    ("WHATSAPP_APP_SECRET", "5f2b8c1e9d7a4036b1c8e2f7a9d04c63, ", BLANK),
    ("WHATSAPP_APP_SECRET", "   ", "holds no secret between its commas"),
    ("WHATSAPP_APP_SECRET", "hunter2", BLANK),
    ("WHATSAPP_VERIFY_TOKEN", "hunter2", BLANK),
    ("GATTE_DOMAIN", "https://painel.example", DOMAIN),
    ("GATTE_DOMAIN", "painel.example:443", DOMAIN),
    ("GATTE_DOMAIN", "*.example", DOMAIN),
]
GOOD_IN_PRODUCTION = [
    ("DATABASE_URL", f"{DB}db.example/gatte?sslmode=verify-full"),
    ("DATABASE_URL", f"{DB}db.example/gatte?sslmode=require"),
    ("DATABASE_URL", f"{DB}/gatte?host=/run/postgresql"),
    ("DATABASE_URL", f"{DB}[::1]/gatte"),
    ("REDIS_URL", "rediss://:hunter2@redis.example:6379/0"),
    ("REDIS_URL", "redis://localhost:6379/0"),
    ("REDIS_URL", "unix:///run/valkey.sock?db=0"),
    ("GATTE_DOMAIN", "atendimento.empresa.com.br"),
]


@pytest.fixture
def production(environment):
    """Good settings of production alone."""
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE"):
        environment.delenv(name, raising=False)
    for name, value in STRONG.items():
        environment.setenv(name, value)
    return environment


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    BAD_IN_PRODUCTION,
    ids=[f"{number}-{name}" for number, (name, _, _) in enumerate(BAD_IN_PRODUCTION)],
)
def test_what_is_unsafe_in_production_ends_the_process_with_78_and_one_line(
    production, capsys, name, value, problem
):
    production.setenv(name, value)

    lines = lines_at_exit(capsys)

    assert lines == [f"gatte: bad setting: {name}: {problem}"]
    assert "hunter2" not in lines[0]


@pytest.mark.parametrize(("name", "value"), GOOD_IN_PRODUCTION)
def test_what_is_safe_in_production_passes(production, name, value):
    production.setenv(name, value)

    assert settings_or_exit().production


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("PGHOST", "db.example", REMOTE),
        ("PGHOSTADDR", "203.0.113.5", REMOTE),
        ("PGSERVICE", "production", SERVICE_FILE),
    ],
)
def test_what_libpq_takes_from_the_environment_counts(production, capsys, variable, value, problem):
    production.setenv("DATABASE_URL", f"{DB}/gatte")
    production.setenv(variable, value)

    assert lines_at_exit(capsys) == [f"gatte: bad setting: DATABASE_URL: {problem}"]


def test_tls_that_the_environment_asks_for_is_tls(production):
    production.setenv("DATABASE_URL", f"{DB}db.example/gatte")
    production.setenv("PGSSLMODE", "verify-full")

    assert settings_or_exit().production


def test_a_file_of_settings_that_is_no_text_is_one_line(environment, capsys, tmp_path):
    (tmp_path / ".env").write_bytes("GATTE_COMPANY_NAME=Certifica Já".encode("latin-1"))

    assert lines_at_exit(capsys) == ["gatte: bad setting: .env: must be a text in UTF-8"]


def test_a_kept_secret_of_development_that_is_empty_is_one_line(environment, capsys, tmp_path):
    environment.delenv("SECRET_KEY")
    environment.setenv("GATTE_DATA_DIR", str(tmp_path))
    (tmp_path / "secret_key").write_text("\n")

    assert lines_at_exit(capsys) == [
        (
            f"gatte: bad setting: GATTE_DATA_DIR: {tmp_path}/secret_key "
            "is empty: delete it, and a new secret is made"
        )
    ]


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (["flask", "worker"], "GATTE_BUSINESS_HOURS", "foo"),
        (["flask", "migrate"], "WEB_CONCURRENCY", "two"),
        (["flask", "scheduler"], "GATTE_HOLIDAYS_STATE", "XX"),
        (["gunicorn"], "GATTE_BIND", "nowhere"),
    ],
)
def test_a_process_with_a_bad_setting_ends_with_78_before_it_does_anything(command, name, value):
    program = Path(sys.executable).with_name(command[0])
    given = process_system.process_environment({**GOOD, name: value})
    ended = subprocess.run(
        [program, *command[1:]],
        cwd=process_system.PROJECT,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    problem = next(words for bad, spelled, words in BAD if (bad, spelled) == (name, value))
    assert (ended.returncode, ended.stderr) == (78, f"gatte: bad setting: {name}: {problem}\n")


@pytest.mark.parametrize("name", ["WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET"])
def test_in_production_a_web_process_needs_the_secrets_of_the_webhook_and_a_worker_does_not(name):
    given = {**GOOD, **STRONG, "WHATSAPP_ACCESS_TOKEN": "token-of-the-tests", name: ""}
    settings = Settings(_env_file=None, **{key.lower(): value for key, value in given.items()})

    assert missing_webhook_secrets(settings) == [
        f"{name}: is required in production beside WHATSAPP_ACCESS_TOKEN"
    ]


def test_gunicorn_ends_with_78_without_the_secrets_of_the_webhook(tmp_path):
    given = {**GOOD, **STRONG, "WHATSAPP_ACCESS_TOKEN": "token", "WHATSAPP_APP_SECRET": ""}
    done = subprocess.run(
        [process_system.BIN / "gunicorn", "wsgi:app"],
        cwd=process_system.PROJECT,
        env=process_system.process_environment({**given, "GATTE_DATA_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 78
    assert "WHATSAPP_APP_SECRET: is required in production" in done.stderr
