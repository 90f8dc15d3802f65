import pytest
from sqlalchemy import text

from gatte.extensions import db
from gatte.models import Contact, Conversation, keyring
from gatte.store import leases
from gatte.store.leases import LeaseLost
from gatte.turns import held_leases

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def conversation() -> Conversation:
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()
    contact = Contact(data_key_id=key.id)
    db.session.add(contact)
    db.session.flush()
    made = Conversation(
        data_key_id=key.id, contact_id=contact.id, phone_number_id="1", correlation_id="c"
    )
    db.session.add(made)
    db.session.flush()
    return made


def run_out(conversation: Conversation) -> None:
    db.session.execute(
        text(
            "UPDATE conversation SET lease_expires_at = clock_timestamp() - interval '1 s' "
            "WHERE id = :id"
        ),
        {"id": conversation.id},
    )


def test_one_holds_the_lease(conversation):
    assert held_leases.acquire(conversation.id) is not None
    assert held_leases.acquire(conversation.id) is None


def test_a_lease_that_ran_out_is_taken_over_and_the_first_holder_finds_out(conversation):
    first = held_leases.acquire(conversation.id)
    run_out(conversation)
    second = held_leases.acquire(conversation.id)

    assert second.token == first.token + 1
    assert leases.lock(second).id == conversation.id
    with pytest.raises(LeaseLost):
        leases.lock(first)


def test_a_lease_that_ran_out_may_not_be_used_even_if_nobody_took_it(conversation):
    lease = held_leases.acquire(conversation.id)
    run_out(conversation)

    with pytest.raises(LeaseLost):
        leases.lock(lease)


def test_a_dead_holder_leaves_the_turn_due(conversation):
    held_leases.acquire(conversation.id)

    due = db.session.execute(
        text("SELECT turn_due_at = lease_expires_at FROM conversation WHERE id = :id"),
        {"id": conversation.id},
    ).scalar_one()

    assert due is True


def test_a_lease_given_back_can_be_taken_at_once(conversation):
    lease = held_leases.acquire(conversation.id)
    leases.release(leases.lock(lease))
    db.session.flush()

    assert held_leases.acquire(conversation.id) is not None
