"""The attacks of `make proof` that fit into every run of the suite, over one running system; those
that take longer are in `make proof` alone: turns, the panel, rotation, the API.
"""

import random

import pytest

from tests.app_fixture import application
from tests.process_system import until
from tests.proof import marked_values, webhook_fuzz
from tests.proof.marked_values import CUSTOMER, SAID, marks, stored_places
from tests.proof.proof_system import Outcome, proof_system
from tests.proof.webhook_bodies import BodyMaker

BODIES = 150


@pytest.fixture(scope="module")
def proof():
    with proof_system(
        marked_values.STATEMENTS, WEB_CONCURRENCY="1", GATTE_WORKER_PROCESSES="1"
    ) as started:
        started.system.start()
        started.system.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def app(proof):
    with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as made:
        yield made


def test_what_a_customer_says_stands_nowhere_in_plain(proof):
    marked_values.say(proof, CUSTOMER, SAID[1])
    assert until(lambda: bool(proof.meta.sent_to(str(CUSTOMER.phone))))
    marked_values.send_strange_webhooks(proof)
    assert until(lambda: proof.count("SELECT count(*) FROM outbox WHERE error_code = 131026") > 0)
    sought = marks()

    found = [(place, sought.found_in(content)) for place, content in stored_places(proof)]

    assert len(found) > 100
    assert {place: seen for place, seen in found if seen} == {}


def test_every_good_part_beside_a_bad_one_is_stored(proof, app):
    for name in ("scheduler", "worker"):  # what is kept is counted before anybody processes it
        proof.system.terminate(name)
    outcome = Outcome()

    webhook_fuzz.attack_webhook(proof, app, BODIES, 3, outcome)

    assert [str(finding)[:1500] for finding in outcome.findings] == []
    assert proof.count("SELECT count(*) FROM inbox_message") > BODIES


@pytest.mark.parametrize(
    "written",
    [
        b"tel 5541998765432.",
        b"ZULEICA",
        b"Quaresm%c3%a3 Doces",
        b"zuleica.quaresma%40doces.example.com",
        b"\\\\x7a756c656963612e7175617265736d6140646f6365732e6578616d706c652e636f6d",
        b"eyJhIjoieHgifQ NTU0MTk5ODc2NTQzMg==",
        b"x" + b"WA1NTQxOTk4NzY1NDMyAA",
    ],
)
def test_a_mark_is_found_in_every_form(written):
    assert marks("zuleica.quaresma@doces.example.com").found_in(written)


def test_a_page_without_marks_has_none():
    assert marks().found_in(b"5541 9987 6543-21 zuleyca") == set()


def test_the_same_seed_makes_the_same_bodies():
    one, other = BodyMaker(5), BodyMaker(5)

    shapes = [[len(maker.make().phones) for _ in range(50)] for maker in (one, other)]

    assert shapes[0] == shapes[1]
    assert one.chance.getstate() == other.chance.getstate() != random.Random(5).getstate()
