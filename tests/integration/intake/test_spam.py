"""Spam mutes a contact for a while; people see it and may take it back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gatte import services
from gatte.extensions import db
from gatte.models import AuditEntry, MuteReason, Outbox, SkipReason, User
from gatte.store import contacts
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

PAUSED = "pausar as respostas automáticas"
SENTENCE = "Olá, quero saber mais do produto"


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(
        database_url,
        redis_url,
        gatte_contact_rate_per_minute=25,
        gatte_spam_blocklist="pirâmide, golpe.example",
    ) as made:
        with made.app_context():
            assert (
                services.local_models().classifier
            )  # learnt before the first turn, which would lose its lease over it
        yield made


@pytest.fixture
def customer(app):
    return somebody(app)


@pytest.fixture(scope="module")
def agent_id(app):
    with app.app_context():
        user = User(email="ana@empresa.example", name="Ana", password_hash="none")
        db.session.add(user)
        db.session.commit()
        return user.id


def says(customer, *words):
    return customer.sends(*[payloads.text(one) for one in words])


def repeats(customer, words, times):
    """The same words again and again, each time after the answer to them."""
    return [wamid for _ in range(times) for wamid in says(customer, words)]


def mute_of(customer):
    with customer.app.app_context():
        contact = customer.conversation().contact
        muted = contact.muted_until is not None and contact.muted_until > datetime.now(UTC)
        return contact.mute_reason if muted else None


def skip_reasons(customer, wamids):
    with customer.app.app_context():
        return [customer.message(wamid).skip_reason for wamid in wamids]


def pauses(customer):
    return sum(PAUSED in said for said in customer.heard())


def audit(customer):
    with customer.app.app_context():
        subject = f"contact:{customer.conversation().contact_id}"
        rows = db.session.scalars(
            select(AuditEntry).filter_by(subject=subject).order_by(AuditEntry.id)
        )
        return [(row.action, row.user_id, row.details["reason"]) for row in rows]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["Ganhe dinheiro em casa: https://bit.ly/3xYz"], MuteReason.BLOCKLIST),
        ([f"veja https://loja{number}.example.com" for number in range(5)], MuteReason.LINKS),
        (["entre no grupo t.me/abc", "grupo novo: chat.whatsapp.com/AbC"], MuteReason.LINKS),
        (["esta pirâmide funciona", "PIRAMIDE mesmo"], MuteReason.BLOCKLIST),
        ([f"mensagem número {number}" for number in range(51)], MuteReason.FLOOD),
    ],
)
def test_spam_mutes(customer, words, reason):
    wamids = says(customer, *words)

    assert mute_of(customer) is reason
    assert skip_reasons(customer, wamids)[-1] is SkipReason.MUTED
    assert audit(customer) == [("muted", None, reason.value)]


@pytest.mark.parametrize(("words", "times"), [(SENTENCE, 8), ("oi", 20)])
def test_who_repeats_what_was_answered_is_muted(customer, words, times):
    *_, last_but_one, last = repeats(customer, words, times)

    assert mute_of(customer) is MuteReason.REPETITION
    assert skip_reasons(customer, [last_but_one, last]) == [None, SkipReason.MUTED]


def test_who_repeats_himself_because_nothing_comes_back_is_not_muted(customer):
    says(customer, SENTENCE)
    with customer.app.app_context():
        db.session.query(Outbox).filter_by(conversation_id=customer.conversation().id).update(
            {"accepted_at": None}
        )
        db.session.commit()
    for _ in range(8):
        customer.delivers(payloads.text(SENTENCE))
    customer.is_answered()

    assert mute_of(customer) is None


def test_an_answer_that_came_after_the_words_does_not_count_against_them(customer):
    repeats(customer, SENTENCE, 7)
    an_hour_ago = str(int((datetime.now(UTC) - timedelta(hours=1)).timestamp()))
    customer.sends({**payloads.text(SENTENCE), "timestamp": an_hour_ago})

    assert mute_of(customer) is None


@pytest.mark.parametrize(
    "words",
    [
        ["oi"] * 20,
        [SENTENCE] * 20,
        ["meu e-mail é joana@empresa.com.br", "ou joana.prado@outra.com"],
        [
            "é este? https://www.gov.br/iti",
            "https://servicos.receita.fazenda.gov.br/x",
            "https://www.gov.br/a",
            "https://gov.br/b",
        ],
        ["o site é www.minhaempresa.com.br", "e a loja, loja.minhaempresa.com.br"],
        ["quero uma renda extra"],
    ],
)
def test_customers_are_not_muted(customer, words):
    says(customer, *words)

    assert mute_of(customer) is None


def test_a_muted_contact_is_kept_and_not_answered(customer):
    repeats(customer, SENTENCE, 8)
    answers = len(customer.heard())
    wamids = says(customer, "agora quero um e-CPF", "alô?")

    assert skip_reasons(customer, wamids) == [SkipReason.MUTED] * 2
    assert len(customer.heard()) == answers
    with customer.app.app_context():
        assert customer.message(wamids[0]).body == "agora quero um e-CPF"
        assert customer.conversation().turn_due_at is None


def test_the_contact_is_told_once(customer):
    repeats(customer, SENTENCE, 8)
    says(customer, SENTENCE)
    says(customer, SENTENCE)

    assert pauses(customer) == 1


def test_a_new_conversation_of_a_muted_contact_is_not_answered_either(customer):
    repeats(customer, SENTENCE, 8)
    customer.close()
    says(customer, "oi, de novo")

    assert customer.heard() == []


def test_a_human_who_owns_the_conversation_hears_a_muted_contact(customer):
    repeats(customer, SENTENCE, 8)
    with customer.app.app_context():
        customer.conversation().state, customer.conversation().owner = "STATE_WITH_HUMAN", "human"
        db.session.commit()
    wamids = says(customer, SENTENCE)

    assert skip_reasons(customer, wamids) == [None]


def test_who_is_unmuted_is_answered_and_what_was_before_is_forgiven(customer, agent_id):
    repeats(customer, SENTENCE, 8)
    with customer.app.app_context():
        contacts.unmute(customer.conversation().contact, agent_id)
        db.session.commit()
    wamids = says(customer, SENTENCE, SENTENCE)

    assert skip_reasons(customer, wamids) == [None, None]
    assert audit(customer) == [("muted", None, "repetition"), ("unmuted", agent_id, "repetition")]


def test_unmuting_twice_is_written_once(customer, agent_id):
    repeats(customer, SENTENCE, 8)
    for _ in range(2):
        with customer.app.app_context():
            contacts.unmute(customer.conversation().contact, agent_id)
            db.session.commit()

    assert [action for action, _, _ in audit(customer)] == ["muted", "unmuted"]


def test_a_mute_ends_by_itself(customer):
    repeats(customer, SENTENCE, 8)
    with customer.app.app_context():
        customer.conversation().contact.muted_until = datetime.now(UTC) - timedelta(seconds=1)
        db.session.commit()
    wamids = says(customer, "oi, voltei")

    assert skip_reasons(customer, wamids) == [None]


def test_people_mute_by_hand(customer, agent_id):
    says(customer, "oi")
    with customer.app.app_context():
        contacts.mute(
            customer.conversation().contact,
            MuteReason.BY_HAND,
            datetime.now(UTC) + timedelta(hours=1),
            agent_id,
        )
        db.session.commit()

    assert skip_reasons(customer, says(customer, "tem alguém aí?")) == [SkipReason.MUTED]
    assert audit(customer) == [("muted", agent_id, "by_hand")]


def test_a_muted_contact_may_still_refuse_notices_once(customer):
    repeats(customer, SENTENCE, 8)
    first, second = (says(customer, "PARAR")[0] for _ in range(2))

    assert skip_reasons(customer, [first, second]) == [None, SkipReason.MUTED]
    with customer.app.app_context():
        assert customer.conversation().contact.opted_out_at is not None


def test_nothing_that_was_said_stands_in_redis(customer, redis_url):
    import redis

    says(customer, *[SENTENCE] * 3)
    with redis.Redis.from_url(redis_url) as client:
        held = [
            (key, client.zrange(key, 0, -1)) for key in client.scan_iter("gatte:sliding_window:*")
        ]

    assert held
    assert not {word for word in ("produto", customer.person.phone) if word in str(held)}
