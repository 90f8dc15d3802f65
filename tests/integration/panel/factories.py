"""Things for the panel to show, made with the fewest words."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from gatte.conversation.company_facts import FactKind
from gatte.conversation.effects import EscalationReason
from gatte.conversation.replies import Reply, TextReply, text_of, to_json
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.models import (
    Appointment,
    Author,
    CompanyFact,
    Contact,
    Conversation,
    DeliveryState,
    Direction,
    Lead,
    Message,
    Outbox,
    Ticket,
    keyring,
)

_numbers = itertools.count(1)


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@dataclass
class Desk:
    app: Flask

    def contact(self, name: str | None = "Joana Prado") -> UUID:
        with self.app.app_context():
            key = keyring().new_contact_key()
            db.session.add(key)
            db.session.flush()
            contact = Contact(
                data_key_id=key.id, name=name, phone=f"55119{70000000 + next(_numbers)}"
            )
            db.session.add(contact)
            db.session.commit()
            return contact.id

    def conversation(
        self,
        name: str | None = "Joana Prado",
        state: str = "STATE_MENU",
        waiting_minutes: float | None = None,
        active_minutes: float = 1,
        says: list[str] | None = None,
        **columns: Any,
    ) -> UUID:
        contact_id = self.contact(name)
        with self.app.app_context():
            contact = db.session.get_one(Contact, contact_id)
            number = next(_numbers)
            row = Conversation(
                data_key_id=contact.data_key_id,
                contact_id=contact.id,
                phone_number_id="simulator",
                correlation_id=f"correlation-{number}",
                state=State(state),
                waiting_since=None if waiting_minutes is None else minutes_ago(waiting_minutes),
                escalation_reason=None if waiting_minutes is None else EscalationReason.REQUESTED,
                last_activity_at=minutes_ago(active_minutes),
                last_inbound_at=columns.pop("last_inbound_at", minutes_ago(active_minutes)),
                **columns,
            )
            db.session.add(row)
            db.session.commit()
            for text in says or []:
                self._add(row, Direction.IN, Author.CUSTOMER, text)
            return row.id

    def with_agent(self, user_id: int, **columns: Any) -> UUID:
        return self.conversation(
            state="STATE_WITH_HUMAN", owner=Owner.HUMAN, assignee_id=user_id, **columns
        )

    def says(self, conversation_id: UUID, text: str) -> None:
        with self.app.app_context():
            self._add(
                db.session.get_one(Conversation, conversation_id),
                Direction.IN,
                Author.CUSTOMER,
                text,
            )

    def answers(
        self,
        conversation_id: UUID,
        reply: Reply | str,
        state: DeliveryState = DeliveryState.READ,
        **columns: Any,
    ) -> UUID:
        reply = TextReply(reply) if isinstance(reply, str) else reply
        with self.app.app_context():
            row = db.session.get_one(Conversation, conversation_id)
            message = self._add(row, Direction.OUT, Author.BOT, text_of(reply))
            db.session.add(
                Outbox(
                    id=message.id,
                    data_key_id=row.data_key_id,
                    conversation_id=row.id,
                    phone_number_id=row.phone_number_id,
                    author=Author.BOT,
                    owner_version=0,
                    state=state,
                    reply=to_json(reply),
                    **columns,
                )
            )
            db.session.commit()
            return message.id

    def _add(self, row: Conversation, direction: Direction, author: Author, text: str) -> Message:
        message = Message(
            data_key_id=row.data_key_id,
            contact_id=row.contact_id,
            conversation_id=row.id,
            direction=direction,
            author=author,
            kind="text",
            body=text,
            sent_at=datetime.now(UTC),
        )
        db.session.add(message)
        db.session.commit()
        return message

    def ticket(self, subject: str = "Erro ao emitir nota", **columns: Any) -> UUID:
        contact_id = self.contact()
        with self.app.app_context():
            contact = db.session.get_one(Contact, contact_id)
            row = Ticket(
                data_key_id=contact.data_key_id,
                contact_id=contact.id,
                subject=subject,
                description="Desde ontem.",
                **columns,
            )
            db.session.add(row)
            db.session.commit()
            return row.id

    def appointment(self, **columns: Any) -> UUID:
        conversation_id = columns.pop("conversation_id", None) or self.conversation()
        with self.app.app_context():
            row = db.session.get_one(Conversation, conversation_id)
            starts_at = columns.pop("starts_at", datetime.now(UTC) + timedelta(days=2))
            appointment = Appointment(
                data_key_id=row.data_key_id,
                contact_id=row.contact_id,
                conversation_id=row.id,
                phone_number_id=row.phone_number_id,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                slot_no=next(_numbers),
                created_by=Author.BOT,
                **columns,
            )
            db.session.add(appointment)
            db.session.commit()
            return appointment.id

    def fact(self, key: str = "e-cnpj-a1", amount: str = "199.00", **columns: Any) -> UUID:
        with self.app.app_context():
            fact = CompanyFact(
                kind=FactKind.PRICE,
                key=f"{key}-{next(_numbers)}",
                value={"product": "e-CNPJ A1", "amount": amount, "condition": ""},
                **columns,
            )
            db.session.add(fact)
            db.session.commit()
            return fact.id

    def lead(self, name: str = "Mariana Duarte", **columns: Any) -> UUID:
        contact_id = self.contact()
        with self.app.app_context():
            contact = db.session.get_one(Contact, contact_id)
            row = Lead(
                data_key_id=contact.data_key_id,
                contact_id=contact.id,
                product="e-CNPJ A1",
                name=name,
                **columns,
            )
            db.session.add(row)
            db.session.commit()
            return row.id
