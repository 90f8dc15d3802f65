"""The real system in this process, for one dialogue: messages come by the signed webhook, and what
the dispatcher finds due is run.
"""

import itertools
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import time_machine
from flask import Flask
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import joinedload

from gatte.conversation.parsing.times import show_time, window_of
from gatte.conversation.replies import ButtonsReply, MenuReply, Reply, ReplyOption, from_json
from gatte.decisions import booking
from gatte.desk import handoff
from gatte.desk.fact_files import DEMO_FACTS, import_facts, read_facts
from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.intelligence.knowledge import articles
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.models import (
    Author,
    Certificate,
    Contact,
    Conversation,
    InboxMessage,
    Message,
    Outbox,
    StatusEvent,
    Ticket,
    TicketState,
)
from gatte.store import appointments
from gatte.store.appointments import NewAppointment
from gatte.store.due_work import fetch_due_work
from gatte.whatsapp.events import Sender
from tests.app_fixture import superuser_url
from tests.fakes import payloads
from tests.integration.panel.factories import Desk
from tests.process_system import APP_SECRET, NUMBER
from tests.stage.script import Act, Doing, Script
from tests.store_fixtures import execute

PHONES = (
    f"55119{number}" for number in itertools.count(71_000_000)
)  # nobody inherits what another wrote in the last minute
ARRIVED = ("accepted", "sent", "delivered", "read")
MOST_ROUNDS = 50
TICKET_STATES = {
    "aberto": TicketState.OPEN,
    "em andamento": TicketState.IN_PROGRESS,
    "resolvido": TicketState.SOLVED,
}
MOVED_WITH_TIME = (
    "inactivity_due_at",
    "waiting_since",
    "last_inbound_at",
    "last_activity_at",
    "opened_at",
    "closed_at",
)


class CannotPlay(AssertionError):
    """A line of the dialogue cannot happen now, as a tap on a button that is not there."""


class BrokenModels:
    """A model that cannot be read, as with a broken disk."""

    @property
    def classifier(self) -> NoReturn:
        raise RuntimeError("the model cannot be read")


@contextmanager
def seeded(
    app: Flask,
    facts: Path = DEMO_FACTS,
    drafts: Sequence[ArticleDraft] | None = None,
    **settings: Any,
) -> Iterator[Flask]:
    """The application with facts, articles (those of the demo where none are given) and settings
    of its own, as its former ones after.
    """
    whole = app.extensions["gatte_settings"]
    app.extensions["gatte_settings"] = whole.model_copy(update=settings)
    app.extensions["whole_models"] = app.extensions["gatte_local_models"]
    with app.app_context():
        articles.import_articles(db.session(), drafts or articles.read_articles())
        import_facts(read_facts(facts))
        db.session.commit()
    yield app
    app.extensions["gatte_settings"] = whole
    app.extensions["gatte_local_models"] = app.extensions["whole_models"]


@dataclass(frozen=True)
class Received:
    """A message of the company that reached the customer."""

    author: Author
    body: str
    reply: Reply | None
    wamid: str

    @property
    def options(self) -> tuple[ReplyOption, ...]:
        """The buttons or rows below it."""
        return self.reply.options if isinstance(self.reply, ButtonsReply | MenuReply) else ()


@dataclass
class Stage:
    """One customer before the system; `clock` is the time in the company's zone, which moves only
    when the script says so.
    """

    app: Flask
    agents: tuple[int, int]
    script: Script
    clock: datetime = field(init=False)
    wamids: list[str] = field(default_factory=list)
    last_body: dict[str, Any] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    looked_at: int = 0
    known_as: UUID | None = None

    def __post_init__(self) -> None:
        self.clock = self.script.at
        self.customer = payloads.Person(phone=next(PHONES), name=self.script.customer)
        self._clear()
        self._set_up()

    # --- what a scene does ---

    def do(self, doing: Doing) -> None:
        """Let one thing happen; the system has not reacted yet when it is the customer's."""
        act = doing.act
        if act in DESK:
            with self.open():
                DESK[act](self, doing.words)
                db.session.commit()
        elif act is Act.WAIT:
            self.pass_time(doing.seconds)
        elif act in {Act.BREAK, Act.MEND}:
            self._break(broken=act is Act.BREAK)
        elif act is Act.ECHO:
            self._post(payloads.echo(payloads.text(doing.words), self.customer, number=NUMBER))
        elif act is Act.REPEAT:
            self._post(self.last_body)
        else:
            self.send(self._part(doing))

    def settle(self) -> None:
        """Run what is due, as the jobs would, until nothing is."""
        for _ in range(MOST_ROUNDS):
            jobs = self._due()
            if not jobs:
                return
            for name, arguments in jobs:
                module, _, function = name.rpartition(".")
                with time_machine.travel(self.clock, tick=False):
                    getattr(import_module(module), function)(*arguments)
        raise CannotPlay(f"there is always something due: {self._due()}")

    def pass_time(self, seconds: float) -> None:
        """Let time pass, stopping wherever the watchdog has something to do on the way."""
        left = seconds
        while left > 0:
            alarm = self._seconds_to_alarm()
            hop = left if alarm is None else min(left, max(alarm, 0.0) + 0.001)
            self._move_clock(hop)
            left -= hop
            self.settle()

    # --- what came of it ---

    def new_answers(self) -> list[Received]:
        """What the company sent that reached the customer since the last look."""
        reached = (
            select(Outbox)
            .where(Outbox.state.in_(ARRIVED), Outbox.sequence > self.looked_at)
            .options(joinedload(Outbox.message))
        )
        with self.open():
            if not self._contact_id():
                return []
            mine = (
                reached.join(Message)
                .where(Message.contact_id == self._contact_id())
                .order_by(Outbox.sequence)
            )
            rows = list(db.session.scalars(mine))
            fresh = [_received(row) for row in rows]
            self.looked_at = max((row.sequence for row in rows), default=self.looked_at)
        self.received += fresh
        return fresh

    def contact(self) -> Contact:
        """The customer's contact; a context must be open."""
        contact: Contact = db.session.get_one(Contact, self._contact_id())
        return contact

    def _contact_id(self) -> UUID | None:
        """The id of the customer's contact; None before the first message."""
        if self.known_as is None:
            self.known_as = next(
                (
                    one.id
                    for one in db.session.scalars(select(Contact))
                    if one.phone == self.customer.phone
                ),
                None,
            )
        return self.known_as

    def conversation(self) -> Conversation:
        """The customer's newest conversation; a context must be open."""
        mine = (
            select(Conversation)
            .filter_by(contact_id=self.contact().id)
            .order_by(Conversation.opened_at.desc(), Conversation.id.desc())
        )
        conversation: Conversation = db.session.scalars(mine).first()  # type: ignore[assignment]
        return conversation

    # --- setting up ---

    def _clear(self) -> None:
        self.app.extensions["gatte_local_models"] = self.app.extensions["whole_models"]
        with self.app.app_context():
            for model in (Contact, InboxMessage, StatusEvent):
                db.session.execute(delete(model))
            db.session.commit()
        execute(superuser_url(self.app), "ALTER SEQUENCE ticket_number_seq RESTART")

    def _set_up(self) -> None:
        for _ in range(self.script.ahead):
            Desk(self.app).conversation(
                name="Outra Pessoa", state="STATE_WAITING_HUMAN", waiting_minutes=5, priority=4
            )
        for words in self.script.full_times:
            self._fill(words)
        told = (self.script.known, self.script.certificates, self.script.tickets)
        if not any((*told, self.script.appointments)):
            return
        with self.open():
            contact = contact_identity.find_or_create_contact(
                Sender(self.customer.phone, None, self.script.customer)
            )
            contact.email, contact.document = (
                self.script.known.get("e-mail"),
                self.script.known.get("documento"),
            )
            if self.script.known:
                self._earlier_conversation(contact)
            for words in self.script.certificates:
                db.session.add(self._certificate(contact, words))
            for words in self.script.tickets:
                db.session.add(self._ticket(contact, words))
                db.session.commit()  # one after the other: the newest is shown first
            for words in self.script.appointments:
                self._book(contact, words)
            db.session.commit()

    def _fill(self, words: str) -> None:
        """Let somebody else have a time, or all times of a day."""
        day, _, hour = words.partition(" ")
        with self.open():
            other = contact_identity.find_or_create_contact(
                Sender(next(PHONES), None, "Outra Pessoa")
            )
            date = datetime.strptime(day, "%d/%m/%Y").date()  # noqa: DTZ007 - a day alone
            calendar = booking.calendar(self.clock, ())
            hours = [show_time(at) for at in calendar.times(date)]
            for one in [hour] if hour else hours:
                self._book(other, f"{day} {one}")
            db.session.commit()

    def _book(self, contact: Contact, words: str) -> None:
        day, hour = words.split()
        date = datetime.strptime(day, "%d/%m/%Y").date()  # noqa: DTZ007 - a day alone
        window = window_of(hour)
        if window is None:
            raise CannotPlay(f"escreva a hora como 14h ou 14h30, e não {hour!r}")
        starts_at, ends_at = booking.span_of(date, window.first)
        wanted = NewAppointment(contact, NUMBER, starts_at, ends_at, Author.BOT)
        appointments.book(wanted, at_once=1)

    def _earlier_conversation(self, contact: Contact) -> None:
        row = Conversation(
            data_key_id=contact.data_key_id,
            contact_id=contact.id,
            phone_number_id=NUMBER,
            correlation_id="earlier",
        )
        row.state, row.closed_at = "STATE_CLOSED", func.clock_timestamp() - timedelta(days=30)
        row.opened_at = func.clock_timestamp() - timedelta(days=31)
        db.session.add(row)

    def _certificate(self, contact: Contact, words: str) -> Certificate:
        kind, holder, validity = (part.strip() for part in words.split(","))
        match = re.fullmatch(r"(vence em|venceu há) (\d+) dias?", validity)
        if match is None:
            raise CannotPlay(
                f"escreva 'vence em 20 dias' ou 'venceu há 3 dias', e não {validity!r}"
            )
        days = int(match[2]) * (1 if match[1] == "vence em" else -1)
        valid_until = self.clock.date() + timedelta(days=days)
        return Certificate(
            data_key_id=contact.data_key_id,
            contact_id=contact.id,
            kind=kind,
            holder=holder,
            valid_until=valid_until,
        )

    def _ticket(self, contact: Contact, words: str) -> Ticket:
        subject, _, state = (part.strip() for part in words.rpartition(","))
        return Ticket(
            data_key_id=contact.data_key_id,
            contact_id=contact.id,
            subject=subject,
            description=subject,
            state=TICKET_STATES[state],
        )

    # --- messages ---

    def _part(self, doing: Doing) -> payloads.Json:
        """What the webhook body says that the customer did."""
        words = doing.words
        if doing.act in MEDIA:
            return MEDIA[doing.act](words)
        if doing.act in {Act.TAP, Act.OLD_TAP}:
            return self._tap(words, old=doing.act is Act.OLD_TAP)
        if doing.act is Act.REACTION:
            return payloads.reaction(self.received[-1].wamid, words or "👍")
        if doing.act is Act.EDIT:
            return payloads.edit(self.wamids[-1], payloads.text(words))
        return (
            payloads.revoke(self._wamid_of(words))
            if doing.act is Act.REVOKE
            else payloads.text(words)
        )

    def _tap(self, title: str, *, old: bool) -> payloads.Json:
        offers = [one for one in reversed(self.received) if one.options]
        for offer in offers[1:] if old else offers[:1]:
            for option in offer.options:
                if option.title == title:
                    return _tapped(offer, option)
        titles = [one.title for offer in offers[:1] for one in offer.options]
        raise CannotPlay(f"não há botão {title!r}; há {titles}")

    def _wamid_of(self, words: str) -> str:
        """The customer's message that holds these words, else the last one."""
        if not words:
            return self.wamids[-1]
        with self.open():
            mine = db.session.scalars(select(Message).order_by(Message.sequence.desc()))
            found = next((row.wamid for row in mine if words in (row.body or "")), None)
        if found is None:
            raise CannotPlay(f"o cliente não escreveu {words!r}")
        return found

    def send(self, part: payloads.Json) -> None:
        """Let the customer send this part of a webhook body."""
        wamid = payloads.new_wamid(self.customer.phone)
        self.wamids.append(wamid)
        self._post(
            payloads.body(part, self.customer, number=NUMBER, wamid=wamid, at=int(time.time()))
        )

    def _post(self, made: dict[str, Any]) -> None:
        self.last_body = made
        raw, headers = payloads.signed(made, APP_SECRET)
        answer = self.app.test_client().post("/webhook/whatsapp", data=raw, headers=headers)
        if answer.status_code != 200:
            raise CannotPlay(f"the webhook answered {answer.status_code}: {answer.text}")

    # --- desk, faults, clock ---

    def _take(self, _words: str) -> None:
        handoff.take(self.conversation().id, self.agents[0])

    def _other_takes(self, _words: str) -> None:
        try:
            handoff.take(self.conversation().id, self.agents[1])
        except handoff.AlreadyTaken:
            db.session.rollback()
        else:
            raise CannotPlay("o outro atendente conseguiu assumir")

    def _reply(self, words: str) -> None:
        handoff.reply(self.conversation().id, self.agents[0], words)

    def _hand_back(self, _words: str) -> None:
        handoff.hand_back(self.conversation().id, self.agents[0])

    def _close(self, _words: str) -> None:
        handoff.close(self.conversation().id, self.agents[0])

    def _reset(self, _words: str) -> None:
        handoff.force_reset(self.conversation().id, self.agents[0])

    def _escalate(self, _words: str) -> None:
        handoff.force_escalation(self.conversation().id, self.agents[0])

    def _break(self, *, broken: bool) -> None:
        self.app.extensions["gatte_local_models"] = (
            BrokenModels() if broken else self.app.extensions["whole_models"]
        )

    @contextmanager
    def open(self) -> Iterator[None]:
        """An application context at the time of the dialogue."""
        with time_machine.travel(self.clock, tick=False), self.app.app_context():
            yield

    def _due(self) -> list[tuple[str, tuple[str, ...]]]:
        settings = self.app.extensions["gatte_settings"]
        with self.app.app_context(), db.engine.connect() as connection:
            return [(due.job.value, due.arguments) for due in fetch_due_work(connection, settings)]

    def _seconds_to_alarm(self) -> float | None:
        nearest = select(
            func.extract("epoch", func.min(Conversation.inactivity_due_at) - func.clock_timestamp())
        )
        with self.app.app_context():
            seconds = db.session.scalar(nearest)
        return None if seconds is None else float(seconds)

    def _move_clock(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        moved = ", ".join(
            f"{column} = {column} - make_interval(secs => :seconds)" for column in MOVED_WITH_TIME
        )
        with self.app.app_context():
            db.session.execute(text(f"UPDATE conversation SET {moved}"), {"seconds": seconds})  # noqa: S608 - constant names
            db.session.commit()


def _received(row: Outbox) -> Received:
    return Received(
        row.author,
        row.message.body or "",
        from_json(row.reply) if row.reply else None,
        row.wamid or "",
    )


def _tapped(offer: Received, option: ReplyOption) -> payloads.Json:
    if isinstance(offer.reply, MenuReply):
        return payloads.list_reply(option.id, option.title, option.description)
    return payloads.button_reply(option.id, option.title)


DESK = {
    Act.TAKE: Stage._take,
    Act.OTHER_TAKES: Stage._other_takes,
    Act.REPLY: Stage._reply,
    Act.HAND_BACK: Stage._hand_back,
    Act.CLOSE: Stage._close,
    Act.RESET: Stage._reset,
    Act.ESCALATE: Stage._escalate,
}


def _document(words: str) -> payloads.Json:
    filename, _, caption = (part.strip() for part in words.partition("|"))
    mime_type = "application/x-pkcs12" if filename.endswith((".pfx", ".p12")) else "application/pdf"
    return payloads.document(filename or "contrato.pdf", caption or None, mime_type)


MEDIA = {
    Act.DOCUMENT: _document,
    Act.IMAGE: lambda caption: payloads.image(caption or None),
    Act.VIDEO: lambda caption: payloads.video(caption or None),
    Act.AUDIO: lambda _: payloads.audio(),
    Act.STICKER: lambda _: payloads.sticker(),
    Act.LOCATION: lambda _: payloads.location(),
    Act.CONTACT: lambda _: payloads.contacts(),
    Act.UNSUPPORTED: lambda _: payloads.unsupported(),
}
