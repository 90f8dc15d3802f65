"""A conversation with answers to be sent, its customer at the stand-in for Meta, and the statuses
that Meta posts.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select, text

from gatte.conversation.replies import Reply, TextReply
from gatte.delivery import claims
from gatte.delivery.claims import ClaimedReply
from gatte.extensions import db
from gatte.jobs.definitions import apply_statuses, deliver
from gatte.models import (
    Author,
    Contact,
    Conversation,
    DeliveryAttempt,
    NumberPause,
    Outbox,
    Ticket,
    keyring,
)
from gatte.store import outbox
from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.process_system import APP_SECRET, NUMBER

_numbers = itertools.count(1)


@dataclass
class DeliveryScenario:
    app: Flask
    meta: FakeMeta
    phone: str
    conversation_id: UUID

    def answers(self, *replies: str | Reply, author: Author = Author.BOT) -> list[str]:
        """Answers written to the outbox, in order; their ids."""
        with self.app.app_context():
            conversation = db.session.get_one(Conversation, self.conversation_id)
            made = [
                outbox.enqueue(
                    conversation, TextReply(one) if isinstance(one, str) else one, author
                )
                for one in replies
            ]
            db.session.commit()
            return [str(answer_id) for answer_id in made]

    def is_delivered(self) -> None:
        """Let the job run that the dispatcher would put."""
        deliver(str(self.conversation_id))

    def is_claimed(self) -> ClaimedReply:
        """Let a process claim the next answer, and die before it notes anything."""
        with self.app.app_context():
            claimed = claims.claim_next(self.conversation_id)
            db.session.commit()
            assert claimed is not None
            return claimed

    def heard(self) -> list[str]:
        """What the customer received."""
        return self.meta.texts_to(self.phone)

    def sent_ids(self) -> list[str]:
        """The outbox ids of what the customer received."""
        return [body["biz_opaque_callback_data"] for body in self.meta.sent_to(self.phone)]

    def wamid(self) -> str:
        """The wamid of what the customer received last."""
        return [
            str(record["wamid"]) for record in self.meta.messages if record["to"] == self.phone
        ][-1]

    def rows(self) -> list[Outbox]:
        """The outbox of this conversation, read outside a transaction."""
        with self.app.app_context():
            mine = (
                select(Outbox)
                .filter_by(conversation_id=self.conversation_id)
                .order_by(Outbox.sequence)
            )
            return [row for row in db.session.scalars(mine) if row.message is not None]

    def states(self) -> list[str]:
        return [row.state.value for row in self.rows()]

    def outcomes(self) -> list[str]:
        """How each call to Meta ended."""
        with self.app.app_context():
            calls = select(DeliveryAttempt.outcome).join(
                Outbox, Outbox.id == DeliveryAttempt.outbox_id
            )
            return list(
                db.session.scalars(
                    calls.filter_by(conversation_id=self.conversation_id).order_by(
                        DeliveryAttempt.id
                    )
                )
            )

    def tickets(self) -> list[Ticket]:
        with self.app.app_context():
            return list(
                db.session.scalars(select(Ticket).filter_by(conversation_id=self.conversation_id))
            )

    def waits_seconds(self) -> list[float]:
        """How long from now until each row is due."""
        with self.app.app_context():
            due = func.extract("epoch", Outbox.next_attempt_at - func.clock_timestamp())
            mine = (
                select(due)
                .filter_by(conversation_id=self.conversation_id)
                .order_by(Outbox.sequence)
            )
            return [float(one) for one in db.session.scalars(mine)]

    def time_passes(self, seconds: float) -> None:
        """Let everything in this conversation have happened earlier."""
        shift = text("make_interval(secs => :seconds)").bindparams(seconds=seconds)
        self.changes(Outbox, next_attempt_at=Outbox.next_attempt_at - shift)
        with self.app.app_context():
            db.session.execute(
                db.update(NumberPause).values(next_probe_at=NumberPause.next_probe_at - shift)
            )
            db.session.commit()

    def changes(self, table: type[Any], **values: Any) -> None:
        """Change the rows of this conversation as somebody else would."""
        with self.app.app_context():
            column = table.id if table is Conversation else table.conversation_id
            db.session.execute(
                db.update(table).where(column == self.conversation_id).values(**values)
            )
            db.session.commit()

    def last_wrote(self, **ago: float) -> None:
        """The customer wrote so long ago, and not since."""
        self.changes(Conversation, last_inbound_at=datetime.now(UTC) - timedelta(**ago))

    def changes_hands(self) -> None:
        """Somebody else owns the conversation from now on."""
        self.changes(Conversation, owner_version=Conversation.owner_version + 1)

    def hears_of(self, *statuses: dict[str, Any]) -> None:
        """Meta posts statuses, and they are applied."""
        post(self.app, *statuses)
        apply_statuses()


def post(app: Flask, *statuses: dict[str, Any]) -> None:
    """Statuses by the signed webhook."""
    body, headers = payloads.signed(payloads.statuses_body(*statuses, number=NUMBER), APP_SECRET)
    assert (
        app.test_client().post("/webhook/whatsapp", data=body, headers=headers).status_code == 200
    )


def new_talk(app: Flask, meta: FakeMeta) -> DeliveryScenario:
    """A conversation with a customer who just wrote."""
    phone = f"55117{70000000 + next(_numbers)}"
    with app.app_context():
        key = keyring().new_contact_key()
        db.session.add(key)
        db.session.flush()
        contact = Contact(data_key_id=key.id, name="Joana Prado", phone=phone)
        db.session.add(contact)
        db.session.flush()
        conversation = Conversation(
            data_key_id=key.id,
            contact_id=contact.id,
            phone_number_id=NUMBER,
            correlation_id=f"chat-{phone}",
            last_inbound_at=datetime.now(UTC),
        )
        db.session.add(conversation)
        db.session.commit()
        return DeliveryScenario(app, meta, phone, conversation.id)
