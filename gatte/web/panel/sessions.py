"""The list of live sessions: who waits on top, the others by their last activity; it refreshes itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from sqlalchemy import ColumnElement, Select, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased, joinedload

from gatte.conversation.states import State
from gatte.desk.snapshots import NO_PRIORITY
from gatte.extensions import db
from gatte.models import Conversation, Message, keyring
from gatte.web.panel import words
from gatte.web.panel.paging import PAGE, cursor, read_cursor
from gatte.web.panel.reading import as_moment, as_uuid
from gatte.web.rendering import render_live


class Tab(StrEnum):
    """Whose conversations the list shows."""

    ALL = "todas"
    WAITING = "aguardando"
    HUMAN = "atendente"
    BOT = "robo"


TAB_WORDS = {Tab.ALL: "Todas", Tab.WAITING: "Aguardando atendente", Tab.HUMAN: "Com atendente", Tab.BOT: "Com o robô"}


@dataclass(frozen=True)
class Row:
    """A conversation of the list with its last message."""

    conversation: Conversation
    last: Message | None


@dataclass(frozen=True)
class Page:
    """A page of the list: who waits, the others, and the cursor of the next page."""

    waiting: list[Row]
    others: list[Row]
    more: str | None


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/sessoes", view_func=list_sessions)


def list_sessions() -> Response:
    tab = _tab(request.args.get("filtro"))
    after = read_cursor(request.args.get("depois"), 2)
    page = _page(tab, after)
    return render_live(
        "panel/sessions.html",
        "session_tabs",
        "sessions",
        tab=tab,
        tabs=_tabs(tab),
        page=page,
        flows=words.FLOWS,
        poll_url=_address(tab, request.args.get("depois")),
        first_url=_address(tab) if after else None,
        more_url=_address(tab, page.more) if page.more else None,
    )


def _tab(name: str | None) -> Tab:
    return Tab(name) if name in {tab.value for tab in Tab} else Tab.ALL


def _tabs(chosen: Tab) -> list[tuple[str, str, str, int, bool]]:
    counting = select(Conversation.state, func.count()).where(_live()).group_by(Conversation.state)
    by_state: dict[State, int] = dict(db.session.execute(counting).all())
    waiting, human = by_state.get(State.WAITING_HUMAN, 0), by_state.get(State.WITH_HUMAN, 0)
    everyone = sum(by_state.values())
    counts = {Tab.ALL: everyone, Tab.WAITING: waiting, Tab.HUMAN: human, Tab.BOT: everyone - waiting - human}
    return [(tab.value, text, _address(tab), counts[tab], tab is chosen) for tab, text in TAB_WORDS.items()]


def _address(tab: Tab, after: str | None = None) -> str:
    return url_for("panel.list_sessions", filtro=tab.value, depois=after)


def _page(tab: Tab, after: list[str] | None) -> Page:
    if tab is Tab.WAITING:
        found = _waiting(after)
        return Page(_rows(found[:PAGE]), [], _waiting_cursor(found))
    waiting = _waiting(None)[:PAGE] if tab is Tab.ALL and after is None else []
    others = _others(tab, after)
    rows = _rows([*waiting, *others[:PAGE]])
    return Page(rows[: len(waiting)], rows[len(waiting) :], _others_cursor(others))


def _live() -> ColumnElement[bool]:
    return Conversation.closed_at.is_(None)


def _conversations() -> Select[Conversation]:
    return select(Conversation).where(_live()).options(joinedload(Conversation.contact), joinedload(Conversation.assignee))


def _waiting(after: list[str] | None) -> Sequence[Conversation]:
    """Who waits for an agent, most urgent and longest first; one more than a page, to know of the next."""
    key = (func.coalesce(Conversation.priority, NO_PRIORITY), Conversation.waiting_since, Conversation.id)
    query = _conversations().where(Conversation.state == State.WAITING_HUMAN, Conversation.waiting_since.is_not(None))
    if after is not None and (last := _find(after[1])) is not None and last.waiting_since is not None:
        query = query.where(tuple_(*key) > tuple_(_priority(last), last.waiting_since, last.id))
    return db.session.scalars(query.order_by(*key).limit(PAGE + 1)).all()


def _others(tab: Tab, after: list[str] | None) -> Sequence[Conversation]:
    """Conversations that nobody waits in, the latest first; one more than a page."""
    query = _conversations().where(_belongs(tab))
    if after is not None and (moment := as_moment(after[0])) is not None and (last_id := as_uuid(after[1])) is not None:
        query = query.where(tuple_(Conversation.last_activity_at, Conversation.id) < tuple_(moment, last_id))
    return db.session.scalars(query.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc()).limit(PAGE + 1)).all()


def _belongs(tab: Tab) -> ColumnElement[bool]:
    if tab is Tab.HUMAN:
        return Conversation.state == State.WITH_HUMAN
    if tab is Tab.BOT:
        return Conversation.state.not_in([State.WAITING_HUMAN, State.WITH_HUMAN])
    return or_(Conversation.state != State.WAITING_HUMAN, Conversation.waiting_since.is_(None))


def _waiting_cursor(found: Sequence[Conversation]) -> str | None:
    return cursor("w", str(found[PAGE - 1].id)) if len(found) > PAGE else None


def _others_cursor(found: Sequence[Conversation]) -> str | None:
    return cursor(found[PAGE - 1].last_activity_at.isoformat(), str(found[PAGE - 1].id)) if len(found) > PAGE else None


def _priority(conversation: Conversation) -> int:
    return NO_PRIORITY if conversation.priority is None else conversation.priority


def _find(conversation_id: str) -> Conversation | None:
    found = as_uuid(conversation_id)
    return None if found is None else db.session.get(Conversation, found)


def _rows(conversations: Sequence[Conversation]) -> list[Row]:
    """Conversations with their last messages: one query for all messages, one for all data keys."""
    last = last_messages([conversation.id for conversation in conversations])
    keyring().open_all({one.data_key_id for one in conversations if one.data_key_id is not None})
    return [Row(conversation, last.get(conversation.id)) for conversation in conversations]


def last_messages(conversation_ids: list[UUID]) -> dict[UUID, Message]:
    """The last message of each conversation, by one short index look-up a conversation."""
    newest = select(Message).where(Message.conversation_id == Conversation.id).order_by(Message.position.desc()).limit(1)
    last = aliased(Message, newest.correlate(Conversation).lateral("newest"))
    query = select(last).select_from(Conversation).join(last, true()).where(Conversation.id.in_(conversation_ids))
    return {message.conversation_id: message for message in db.session.scalars(query)}
