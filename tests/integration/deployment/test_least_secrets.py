"""The services of docker-compose.yml, each started with the secrets that its container gets and no
other: roles, migration, and then a message's whole way.
"""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.fakes.people import Person
from tests.integration.deployment.compose_installation import (
    DOMAIN,
    PASSWORDS,
    PROCESSES,
    TOKEN,
    Installation,
)
from tests.process_system import APP_SECRET, NUMBER, System, until
from tests.store_fixtures import database


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
    installation.prepare()
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
