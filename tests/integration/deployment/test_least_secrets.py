"""The services of docker-compose.yml, each started with the secrets that its container gets and no
other: roles, migration, and then a message's whole way.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.fakes.people import Person
from tests.process_system import APP_SECRET, BIN, MODELS, NUMBER, PROJECT, System, until
from tests.store_fixtures import database

MOUNT = "/run/secrets/"
PROCESSES = ("web", "worker", "scheduler")
TOKEN = "meta-token-of-the-tests"
PASSWORDS = {"migrator": "5vQm-migrator", "application": "8wXc-application"}
DOMAIN = "painel.example"


def compose_services() -> dict[str, dict]:
    command = [Path(sys.executable).with_name("docker-compose"), "config", "--format", "json"]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "GATTE_ENV_FILE": ".env.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["services"]


class Installation:
    """The secrets of an installation in files, and what each service is given of them."""

    def __init__(self, folder: Path, superuser_url: str, redis_url: str, meta: FakeMeta) -> None:
        self.folder = folder
        self.services = compose_services()
        place = superuser_url.partition("@")[2]
        self.secrets = {
            "gatte_admin_database_url": superuser_url,
            "gatte_migration_database_url": f"postgresql://least_migrator:{PASSWORDS['migrator']}@{place}",
            "database_url": f"postgresql://least_app:{PASSWORDS['application']}@{place}",
            "gatte_backup_database_url": f"postgresql://least_backup:backup@{place}",
            "redis_url": redis_url,
            "secret_key": "pZ4vR8nKq2WxT7mYc1LdJ5sHf9BgE3uA-oQ6iXyN",
            "gatte_encryption_keys": "k1:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE=",
            "whatsapp_access_token": TOKEN,
            "whatsapp_app_secret": APP_SECRET,
            "whatsapp_verify_token": "verify-token-of-the-tests",
            "gemini_api_key": "",
        }
        self.plain = {
            "GATTE_ENV": "production",
            "GATTE_DOMAIN": DOMAIN,
            "GATTE_TRUSTED_PROXIES": "1",
            "GATTE_BUSINESS_HOURS": "sempre",
            "GATTE_QUIET_SECONDS": "0.2",
            "GATTE_WORKER_PROCESSES": "1",
            "WEB_CONCURRENCY": "1",
            "GATTE_DATA_DIR": str(MODELS),
            "WHATSAPP_API_BASE_URL": meta.url,
        }
        for name, value in self.secrets.items():
            (folder / name).write_text(value + "\n")

    def of(self, service: str) -> System:
        """A system whose environment has the files of a service."""
        given = self.services[service]
        mounted = {one["source"] for one in given["secrets"]}
        named = {
            name: value.removeprefix(MOUNT)
            for name, value in given["environment"].items()
            if str(value).startswith(MOUNT)
        }
        assert set(named.values()) == mounted
        files = {name: str(self.folder / secret) for name, secret in named.items()}
        return System(self.folder, {**self.plain, **files})


@pytest.fixture(scope="module")
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token=TOKEN) as fake:
        yield fake


@pytest.fixture(scope="module")
def installation(stores, redis_url, meta, tmp_path_factory) -> Iterator[Installation]:
    with database(stores) as url:
        yield Installation(tmp_path_factory.mktemp("secrets"), url, redis_url, meta)


@pytest.fixture(scope="module")
def running(installation) -> Iterator[System]:
    """All processes, ready; that of web is given."""
    roles = installation.of("roles")
    made = subprocess.run(
        [str(BIN / "python"), "-m", "deployment.database_roles"],
        cwd=PROJECT,
        env=roles._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    migrated = installation.of("migrate").command("migrate")
    assert migrated.returncode == 0, migrated.stderr
    systems = {name: installation.of(name) for name in PROCESSES}
    try:
        for name, system in systems.items():
            system.start(name)
        systems["web"].wait_until_ready()
        yield systems["web"]
    finally:
        for system in systems.values():
            system.stop()


def test_a_message_is_answered_by_processes_that_know_their_own_secrets_alone(running, meta):
    who = Person(phone="5511971234567", name="Joana Prado", bsuid="BR.7000000000000077")
    body, headers = payloads.signed(
        payloads.body(payloads.text("oi"), who, number=NUMBER), APP_SECRET
    )
    proxied = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    proxied["X-Forwarded-Host"] = DOMAIN
    answer = httpx.post(
        f"{running.url}/webhook/whatsapp", content=body, headers={**headers, **proxied}, timeout=30
    )

    assert answer.status_code == 200
    assert until(lambda: len(meta.texts_to(who.phone)) == 1), running.log_tail()


def test_no_log_line_of_any_of_them_holds_a_secret(running, installation):
    said = running.log()

    assert said
    assert [name for name, value in installation.secrets.items() if value and value in said] == []
    assert [word for word in PASSWORDS.values() if word in said] == []


def test_only_the_worker_knows_what_speaks_for_the_company(installation):
    holders = {
        secret: {
            name
            for name, service in installation.services.items()
            if secret in {one["source"] for one in service.get("secrets", [])}
        }
        for secret in installation.secrets
    }

    assert holders["whatsapp_access_token"] == holders["gemini_api_key"] == {"worker"}
    assert holders["whatsapp_app_secret"] == holders["whatsapp_verify_token"] == {"web"}
    assert holders["gatte_migration_database_url"] == {"roles", "migrate"}
    assert holders["gatte_admin_database_url"] == {"roles"}
