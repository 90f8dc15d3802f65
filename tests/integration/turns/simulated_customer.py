"""A customer before the system in this process: messages come by the signed webhook, turns run at
once, tables can be read.
"""

import itertools
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.jobs.definitions import process_inbox
from gatte.models import (
    Contact,
    Conversation,
    InboxMessage,
    LlmCall,
    Message,
    Outbox,
    Turn,
    keyring,
)
from gatte.whatsapp.events import Sender
from tests.fakes import payloads
from tests.fakes.people import Person, new_wamid
from tests.process_system import APP_SECRET, NUMBER

_numbers = itertools.count(1)
ANSWERED: list["Customer"] = []
"""Who was answered since the test began; `tests/integration/conftest.py` empties it."""


@dataclass
class Customer:
    app: Flask
    person: Person
    number: str = NUMBER

    def sends(self, *parts: dict[str, Any]) -> list[str]:
        """Messages that arrive together, and the turn that they cause; their wamids."""
        wamids = [self.delivers(part) for part in parts]
        self.is_answered()
        return wamids

    def delivers(self, part: dict[str, Any], wamid: str | None = None) -> str:
        """A message that arrives, and no turn yet; its wamid."""
        wamid = wamid or new_wamid(self.person.phone)
        body, headers = payloads.signed(
            payloads.body(part, self.person, number=self.number, wamid=wamid), APP_SECRET
        )
        assert (
            self.app.test_client().post("/webhook/whatsapp", data=body, headers=headers).status_code
            == 200
        )
        return wamid

    def is_answered(self) -> None:
        """Let the turn run that the dispatcher would find due."""
        process_inbox(*self.due())
        ANSWERED.append(self)

    def due(self) -> tuple[str, str]:
        """The arguments of that turn."""
        with self.app.app_context():
            return self.number, contact_identity.sender_hash(
                Sender(self.person.phone, self.person.bsuid), phone_number_id=self.number
            ).hex()

    def message(self, wamid: str) -> Message:
        """A message as it is stored; a context must be open."""
        row: Message = db.session.scalars(
            select(Message).filter_by(wamid_hash=keyring().lookup_hash("wamid", wamid))
        ).one()
        return row

    def turn(self, wamid: str) -> Turn:
        """The turn that read a message; a context must be open."""
        row: Turn = db.session.get_one(Turn, self.message(wamid).turn_id)
        return row

    def calls(self, wamid: str) -> list[LlmCall]:
        """What the turn that read a message asked of models; a context must be open."""
        return list(
            db.session.scalars(
                select(LlmCall).filter_by(turn_id=self.turn(wamid).id).order_by(LlmCall.id)
            )
        )

    def conversation(self) -> Conversation:
        """The newest conversation; a context must be open."""
        hashed = contact_identity.sender_hash(
            Sender(self.person.phone, self.person.bsuid), phone_number_id=self.number
        )
        mine = select(Conversation).join(Contact).join(Contact.identities).filter_by(hash=hashed)
        row: Conversation = db.session.scalars(mine.order_by(Conversation.opened_at.desc())).first()  # type: ignore[assignment]
        return row

    def close(self) -> None:
        """End the open conversation, so that the next message begins another."""
        with self.app.app_context():
            self.conversation().closed_at = func.now()
            db.session.commit()

    def turns(self) -> list[Turn]:
        """All turns of the newest conversation, in order; a context must be open."""
        mine = select(Turn).filter_by(conversation_id=self.conversation().id)
        return list(db.session.scalars(mine.order_by(Turn.created_at, Turn.id)))

    def heard(self) -> list[str]:
        """What the bot said in the newest conversation, in order."""
        with self.app.app_context():
            mine = (
                select(Outbox)
                .filter_by(conversation_id=self.conversation().id)
                .order_by(Outbox.sequence)
            )
            return [row.message.body or "" for row in db.session.scalars(mine)]

    def everything_stored(self) -> str:
        """All that can be read, with all keys, of messages, answers, traces and the inbox."""
        with self.app.app_context():
            messages = [(row.body, row.raw_payload) for row in db.session.scalars(select(Message))]
            traces = [row.trace for row in db.session.scalars(select(Turn))]
            conversations = [
                (row.slots, row.flags, row.summary)
                for row in db.session.scalars(select(Conversation))
            ]
            return str([messages, traces, conversations, self.inbox_payloads()])

    def inbox_payloads(self) -> list[bytes]:
        """What the inbox still holds; a context must be open."""
        return [
            row.payload
            for row in db.session.scalars(select(InboxMessage))
            if row.payload is not None
        ]


def somebody(app: Flask, number: str = NUMBER, name: str = "Joana Prado") -> Customer:
    """A customer nobody else plays, who writes to this number."""
    return Customer(app, Person(phone=f"55118{70000000 + next(_numbers)}", name=name), number)
