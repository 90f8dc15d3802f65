"""One person in every table that can hold something of a contact, and all that a stranger who has
every key and knows the person could look for.
"""

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from gatte import services
from gatte.conversation.memory_kinds import MemoryKind
from gatte.data_rights import erasure
from gatte.desk import api_tokens, certificate_imports, subscriptions, users
from gatte.extensions import db
from gatte.intake.contact_identity import canonical_phone
from gatte.jobs.definitions import apply_statuses
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart
from gatte.models import (
    Appointment,
    Author,
    Certificate,
    CertificateReminder,
    Consent,
    Contact,
    Conversation,
    DeliveryAttempt,
    IdentityCheck,
    Lead,
    LlmCall,
    MediaFile,
    MediaState,
    Message,
    Outbox,
    Role,
    Scope,
    ShadowRun,
    Ticket,
    TicketNote,
    TrainingExample,
    Turn,
    UnansweredQuestion,
    User,
    WebhookEventType,
    keyring,
)
from gatte.models.consent import ConsentKind, ConsentSource
from gatte.models.contact_memory import ContactMemory, MemorySource
from gatte.models.reminder import AppointmentReminder, AppointmentReminderKind
from gatte.models.unanswered_question import UnansweredReason
from gatte.privacy import crypto
from gatte.store import audit, erasures
from tests.fakes import payloads
from tests.integration.data_rights.traces import Traces, opened_keys, traces_of
from tests.integration.turns.simulated_customer import Customer, somebody

CPF = "52998224725"
SAID = ("oi", "quero comprar um e-CPF A1", "Joana Prado", "529.982.247-25", "joana@prado.example")
IMPORT = (
    "nome;telefone;cpf;produto;validade\nJoana Prado;{phone};529.982.247-25;e-CPF A1;01/03/2030\n"
)
PICTURE = b"\xff\xd8\xff\xe0 a picture of Joana Prado"
KINDS = ("phone", "bsuid", "document", "wamid", "said", "question", "name_word")
ID_LENGTH = 30
"""Texts of so many characters are ids; shorter keys are numbers, which stand everywhere."""


class PlantedPerson:
    """A customer with a row in every table of a contact, written by the ways of the running system
    where these are short.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.user = self._admin()
            self.token = self._token()
            url = "https://subscriber.example/gatte"
            subscriptions.subscribe(url, list(WebhookEventType), self.user)
            db.session.commit()
        self.customer: Customer = somebody(app)
        self.wamids = [self.customer.sends(payloads.text(words))[0] for words in SAID]
        apply_statuses()
        with app.app_context():
            self._fill()
            db.session.commit()
        self._call_api()
        self.wamids.append(self.customer.delivers(payloads.text("isto ninguém leu ainda")))

    @property
    def contact_id(self) -> UUID:
        with self.app.app_context():
            return self.customer.conversation().contact_id

    def tables(self) -> dict[str, int]:
        """In which tables of a contact there is a row of this one, and how many."""
        with self.app.app_context():
            return dict(erasure.preview(self.customer.conversation().contact_id).rows)

    def traces(self) -> Traces:
        """All by which the person could be found, once everything is written."""
        with self.app.app_context():
            found = traces_of(self.customer.person, self.wamids, CPF)
            found.ids |= self._ids()
            found.hashes |= set(self._every_hash(found))
            return found

    def _ids(self) -> set[str]:
        contact_id = self.customer.conversation().contact_id
        found: set[str] = set()
        for table in erasures.tables_of_contact():
            mine = select(table).where(erasures.rows_of_contact(table, contact_id))
            for row in db.session.execute(mine).mappings():
                keys = [row[column.name] for column in table.primary_key.columns]
                found |= {str(key) for key in keys if len(str(key)) >= ID_LENGTH}
        return found

    def _every_hash(self, found: Traces) -> list[str]:
        """What hashes a careless table could hold of the person's values: plain ones, and HMACs
        under every key that there is.
        """
        phone = self.customer.person.phone or ""
        values = {*found.plain, canonical_phone(phone), f"+{phone}", "Joana Prado", SAID[-1]}
        keys = [key for _, key in opened_keys()]
        secret = services.settings().secret_key.get_secret_value()
        keys += [secret.encode(), crypto.derived_key(secret, "panel search")]
        made = []
        for raw in [value.encode() for value in values] + self.asked:
            plain = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b, hashlib.blake2s)
            made += [hashing(raw).hexdigest()[:24] for hashing in plain]
            made += [hmac.new(key, raw, "sha256").hexdigest()[:24] for key in keys]
        for value in values:
            for kind in KINDS:
                made.append(keyring().lookup_hash(kind, value).hex()[:24])
        return made

    def _admin(self) -> int:
        address = "dona@empresa.example"
        known = db.session.scalar(select(User.id).filter_by(email=address))
        if known is not None:
            return known
        made = users.create_user(address, "Dona", "uma senha comprida", Role.ADMIN)
        db.session.flush()
        return made.id

    def _token(self) -> str:
        user = db.session.get_one(User, self.user)
        return api_tokens.issue("um sistema", list(Scope), user).secret

    def _call_api(self) -> None:
        """A ticket that another system makes with a key of its own naming, and a list that it
        reads: bodies name the person.
        """
        contact = str(self.contact_id)
        new = {"contact_id": contact, "subject": "Joana Prado", "description": CPF}
        name = f"chamado-{self.customer.person.phone}"
        asked = b"/api/v1/tickets?\0" + self.app.json.dumps(new).encode()
        self.asked = [name.encode(), asked]
        made = self.api("POST", "/tickets", new, {"Idempotency-Key": name})
        assert made.status_code == 201, made.text
        assert self.api("GET", "/contacts").status_code == 200
        assert self.api("GET", f"/contacts/{contact}").status_code == 200

    def api(self, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        """The answer of the API to the other system."""
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        client = self.app.test_client()
        return client.open(f"/api/v1{path}", method=method, json=body, headers=given)

    def _fill(self) -> None:
        talk = self.customer.conversation()
        contact = talk.contact
        phone = self.customer.person.phone
        certificate_imports.add_draft(IMPORT.format(phone=phone).encode(), self.user)
        owned: dict[str, Any] = {"data_key_id": contact.data_key_id, "contact_id": contact.id}
        self._fill_desk(talk, contact, owned)
        self._fill_intelligence(talk, owned)
        db.session.add(
            IdentityCheck(
                conversation_id=talk.id,
                contact_id=contact.id,
                code_hash=keyring().lookup_hash("identity code", f"{talk.id} 123456"),
                examined_sequence=1,
                expires_at=_in(minutes=10),
            )
        )
        reply = db.session.scalars(select(Outbox).filter_by(conversation_id=talk.id)).first()
        assert reply is not None
        reply.wamid = "wamid.HBgMREPLY"
        reply.wamid_hash = keyring().lookup_hash("wamid", reply.wamid)
        db.session.add(DeliveryAttempt(outbox_id=reply.id, outcome="accepted", latency_ms=1))
        audit.record(self.user, "agent_took", f"conversation:{talk.id}")
        self.wamids.append(reply.wamid)

    def _fill_desk(self, talk: Conversation, contact: Contact, owned: dict[str, Any]) -> None:
        ticket = Ticket(**owned, subject="Joana Prado", description=CPF)
        certificate = Certificate(
            **owned,
            kind="e-CPF A1",
            holder="Joana Prado",
            document=CPF,
            document_hash=keyring().lookup_hash("document", CPF),
            valid_until=date(2030, 3, 1),
        )
        appointment = Appointment(
            **owned,
            conversation_id=talk.id,
            phone_number_id=talk.phone_number_id,
            starts_at=_in(days=2),
            ends_at=_in(days=2, minutes=30),
            slot_no=1,
            created_by=Author.BOT,
            note="Joana Prado vem com a mãe",
        )
        db.session.add_all([ticket, certificate, appointment])
        db.session.add(Lead(**owned, product="e-CNPJ A1", name="Joana Prado"))
        db.session.flush()
        day_before = AppointmentReminderKind.DAY_BEFORE
        db.session.add_all(
            [
                TicketNote(
                    data_key_id=contact.data_key_id,
                    ticket_id=ticket.id,
                    author_id=self.user,
                    body="ligar para Joana Prado",
                ),
                CertificateReminder(
                    certificate_id=certificate.id, valid_until=date(2030, 3, 1), days_before=30
                ),
                AppointmentReminder(appointment_id=appointment.id, kind=day_before),
                Consent(
                    **owned,
                    kind=ConsentKind.MARKETING,
                    granted=True,
                    source=ConsentSource.DESK,
                    text_version="1",
                    note="Joana Prado disse ao telefone",
                ),
                ContactMemory(
                    **owned,
                    kind=MemoryKind.COMPANY,
                    source=MemorySource.RULE,
                    value="Doces da Joana Prado",
                    confidence=1,
                    learned_at=_in(),
                    expires_at=_in(days=700),
                ),
            ]
        )

    def _fill_intelligence(self, talk: Conversation, owned: dict[str, Any]) -> None:
        message = db.session.scalars(
            select(Message).filter_by(conversation_id=talk.id).order_by(Message.sequence)
        ).first()
        turn = db.session.scalars(select(Turn).filter_by(conversation_id=talk.id)).first()
        assert message is not None
        assert turn is not None
        picture = MediaFile(
            **owned,
            message_id=message.id,
            kind="image",
            filename="Joana Prado.jpg",
            state=MediaState.STORED,
            size=len(PICTURE),
            checksum=sealed_files.checksum_of(PICTURE),
        )
        run = ShadowRun(
            candidate="x", conversation_count=1, turn_count=1, figures={}, report_name="x.html"
        )
        db.session.add_all([picture, run])
        db.session.flush()
        storage = sealed_files.open_storage(services.settings())
        key = keyring().open(owned["data_key_id"]) or b""
        sealed_files.write(storage, picture.id, key, ContentPart.CONTENT, PICTURE)
        db.session.add_all(
            [
                UnansweredQuestion(
                    **owned,
                    conversation_id=talk.id,
                    message_id=message.id,
                    reason=UnansweredReason.NO_ANSWER,
                    question="quanto custa para Joana Prado?",
                ),
                TrainingExample(
                    **owned,
                    conversation_id=talk.id,
                    turn_id=turn.id,
                    message_id=message.id,
                    user_id=self.user,
                    turn_input={"texts": ["sou Joana Prado"]},
                    reason="Joana Prado queria outra coisa",
                    labels_before=[],
                    labels_after=["SetSlot"],
                    read_by="rule",
                ),
                LlmCall(
                    conversation_id=talk.id,
                    turn_id=turn.id,
                    purpose="answer",
                    model="m",
                    prompt_version="1",
                    latency_ms=1,
                    outcome="ok",
                ),
            ]
        )


def _in(**span: int) -> datetime:
    return datetime.now(UTC) + timedelta(**span)
