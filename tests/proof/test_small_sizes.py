"""The attacks of `make proof` at a size for every run of the suite, over one running system."""

import random

import pytest

from tests.app_fixture import application
from tests.process_system import until
from tests.proof import hostile_panel, marked_values, webhook_fuzz
from tests.proof.marked_values import CUSTOMER, SAID, marks, stored_places
from tests.proof.proof_system import Outcome, proof_system
from tests.proof.webhook_bodies import BodyMaker

BODIES = 250
INPUTS = 120


@pytest.fixture(scope="module")
def proof():
    with proof_system(
        marked_values.STATEMENTS, WEB_CONCURRENCY="1", GATTE_WORKER_PROCESSES="1"
    ) as started:
        started.system.start("web")
        assert until(lambda: webhook_fuzz.alive(started))
        yield started


@pytest.fixture(scope="module")
def app(proof):
    with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as made:
        yield made


def told(outcome: Outcome) -> list[str]:
    return [str(finding)[:1500] for finding in outcome.findings]


def test_every_good_part_beside_a_bad_one_is_stored(proof, app):
    outcome = Outcome()

    webhook_fuzz.attack_webhook(proof, app, BODIES, 3, outcome)

    assert told(outcome) == []
    assert proof.count("SELECT count(*) FROM inbox_message") > BODIES


def test_every_customer_among_them_is_answered_once(proof, app):
    proof.system.start("worker", "scheduler")
    proof.system.wait_until_ready()
    outcome = Outcome()

    webhook_fuzz.attack_turns(proof, app, 20, 3, outcome, first_person=1_000_000)

    assert told(outcome) == []


def test_hostile_input_breaks_no_page(proof, app):
    hostile_panel.create_admin(proof)
    hostile_panel.fill_desk(app)
    outcome = Outcome()

    hostile_panel.attack_panel(proof, hostile_panel.routes_of(app), INPUTS, 3, outcome)

    assert told(outcome) == []


def test_what_a_customer_says_stands_nowhere_in_plain(proof):
    marked_values.say(proof, CUSTOMER, SAID[1])
    marked_values.send_strange_webhooks(proof, named=False)
    assert until(lambda: bool(proof.meta.sent_to(str(CUSTOMER.phone))))
    sought = marks()

    found = {place: sought.found_in(content) for place, content in stored_places(proof)}

    assert len(found) > 30
    assert {place: seen for place, seen in found.items() if seen} == {}


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
