"""No personal value of a whole conversation stands in a log line of any process, nor in clear in
any column of any table.
"""

import base64
import re
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import sql

from tests import process_system
from tests.fakes import payloads
from tests.fakes.people import Person, new_wamid
from tests.integration.flow.system_client import SystemClient
from tests.process_system import NUMBER, until

WHO = Person(phone="5541998765432", name="Zuleica Quaresma", bsuid="BR.4455667788990011")
CNPJ = "12ABC34501DE35"
WORDS = "xilofone roxo da padaria"
SAID = [
    "oi",
    f"quero comprar um e-CNPJ, {WORDS}",
    "Zuleica Quaresma",
    "12.ABC.345/01DE-35",
    "Quaresma Doces",
    "zuleica.quaresma@doces.example.com",
    "meu cpf é 529.982.247-25 e o telefone (41) 99876-5432",
    "quero falar com um atendente",
]
NEEDLES = [
    "Zuleica",
    "Quaresma",
    "5541998765432",
    "554198765432",
    "41998765432",
    "(41) 99876-5432",
    "99876-5432",
    "998765432",
    CNPJ,
    "12.ABC.345/01DE-35",
    "52998224725",
    "529.982.247-25",
    "doces.example.com",
    "xilofone",
    "4455667788990011",
    base64.b64encode(b"5541998765432").decode().rstrip("=")[:16],
    new_wamid(WHO.phone)[6:24],
]


def leaks(text: str) -> set[str]:
    """The needles that stand in a text, in any case and also with the spaces and marks of numbers
    taken out.
    """
    folded = text.casefold()
    return {needle for needle in NEEDLES if needle.casefold() in folded}


def dump(database_url: str) -> str:
    """Every value of every table as text; bytes as Latin-1, so that what was stored unsealed can be
    read.
    """
    said: list[str] = []
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename NOT IN ('article', 'passage')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            for row in cursor.fetchall():
                said += [
                    bytes(value).decode("latin-1") if isinstance(value, memoryview) else str(value)
                    for value in row
                ]
    return "\n".join(said)


def talk(client: SystemClient) -> None:
    """A whole conversation, a strange body, a status with the phone, and a line about a phone in an
    address.
    """
    for count, text in enumerate(SAID, start=1):
        client.says(WHO, text)
        assert len(client.waits_for_answers(WHO, count)) >= count, client.system.log_tail()
    sent = [record for record in client.meta.messages if record["to"] == WHO.phone][-1]
    outbox_id = sent["body"]["biz_opaque_callback_data"]
    news = payloads.failure(
        sent["wamid"],
        details=f"Message to {WHO.phone} ({WHO.name}) undeliverable",
        recipient=WHO,
        outbox_id=outbox_id,
    )
    client.deliver(payloads.statuses_body(news, number=NUMBER))
    client.post(
        b"{}", {"X-Request-ID": "5541998765432", "X-Hub-Signature-256": "sha256=5541998765432"}
    )


def test_nothing_personal_stands_in_logs_or_tables(client):
    talk(client)
    assert until(lambda: '"error_code":131026' in client.system.log())

    assert leaks(client.system.log()) == set()
    assert leaks(dump(client.database_url)) == set()
    assert not re.search(r"wamid\.[A-Za-z0-9+/=]{20}", client.system.log())


@pytest.mark.parametrize("what", ["masking", "sealing"])
def test_the_check_above_fails_without_protection(
    what, tmp_path, stores, template_database, redis_url, meta, gemini
):
    from tests.store_fixtures import database

    with database(stores, template_database) as url:
        environment = process_system.settings(
            url,
            # a queue of its own: the other system of this module still works
            f"{redis_url.rpartition('/')[0]}/1",
            SABOTAGE=what,
            FLASK_APP="tests.disabled_protections",
            APPLICATION="tests.disabled_protections:app",
            WHATSAPP_ACCESS_TOKEN="meta-token-of-the-tests",
            WHATSAPP_API_BASE_URL=meta.url,
            GATTE_QUIET_SECONDS="0.2",
            GATTE_LOG_LEVEL="DEBUG",
        )
        with process_system.running(tmp_path / "system", environment) as system:
            client = SystemClient(system, meta, gemini, url)
            before = len(client.heard(WHO))
            client.says(WHO, SAID[1])
            client.post(b"{}", {"X-Request-ID": "5541998765432"})
            assert until(lambda: len(client.heard(WHO)) > before)
            unprotected = system.log if what == "masking" else lambda: dump(url)
            assert until(lambda: leaks(unprotected()) != set())
