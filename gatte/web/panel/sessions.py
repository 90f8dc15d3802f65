"""The list of sessions: who waits on top, the others by their last activity; it refreshes itself.
Closed ones have a tab of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.models import Conversation, Message, keyring
from gatte.store import conversations, messages
from gatte.store.conversations import NO_PRIORITY, ConversationGroup
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import costs, labels, search
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import as_uuid, parse_datetime, parse_integer
from gatte.web.panel.paging import PAGE, cursor, read_cursor


class SessionTab(StrEnum):
    """Whose conversations the list shows."""

    ALL = "todas"
    WAITING = "aguardando"
    HUMAN = "atendente"
    BOT = "robo"
    CLOSED = "encerradas"
    FOUND = "busca"


TAB_WORDS = {
    SessionTab.ALL: "Todas",
    SessionTab.WAITING: "Aguardando atendente",
    SessionTab.HUMAN: "Com atendente",
    SessionTab.BOT: "Com o robô",
    SessionTab.CLOSED: "Encerradas",
}
WITH_WAITING = (SessionTab.ALL, SessionTab.WAITING)
GROUPS = {
    SessionTab.ALL: ConversationGroup.NOT_WAITING,
    SessionTab.HUMAN: ConversationGroup.WITH_HUMAN,
    SessionTab.BOT: ConversationGroup.WITH_BOT,
    SessionTab.CLOSED: ConversationGroup.CLOSED,
}


@dataclass(frozen=True)
class SessionListItem:
    """A conversation of the list with its last message."""

    conversation: Conversation
    last: Message | None


@dataclass(frozen=True)
class SessionPage:
    """A page of the list: who waits, the others, and the cursor of the next page."""

    waiting: list[SessionListItem]
    others: list[SessionListItem]
    more: str | None


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/sessoes", view_func=list_sessions)
    bp.add_url_rule("/panel/sessoes/busca", view_func=search_sessions, methods=["POST"])


def search_sessions() -> AnyResponse:
    """Lead to the list of what was found; the words travel in the body, and sealed in the address,
    since addresses are kept in histories and logs.
    """
    words = search.normalize_query(request.form.get("busca", ""))
    sealed = search.seal_query(words, current_user_or_401().id) if words else None
    return redirect(url_for("panel.list_sessions", achar=sealed), 303)


def list_sessions() -> Response:
    sealed = request.args.get("achar", "")
    opened = search.open_query(sealed, current_user_or_401().id) if sealed else ""
    words_sought = opened or ""
    tab = SessionTab.FOUND if words_sought else _tab(request.args.get("filtro"))
    after = request.args.get("depois")
    page = _page(tab, after, words_sought)
    return render_changed_blocks(
        "panel/sessions.html",
        "session_tabs",
        "sessions",
        tab=tab,
        tabs=_tabs(tab),
        page=page,
        flows=labels.FLOWS,
        budget_notices=costs.budget_notices(),
        sought=words_sought,
        search_over=opened is None,
        poll_url=_address(tab, after, sealed),
        first_url=_address(tab, None, sealed) if after else None,
        more_url=_address(tab, page.more, sealed) if page.more else None,
    )


def _tab(name: str | None) -> SessionTab:
    return SessionTab(name) if name in {tab.value for tab in TAB_WORDS} else SessionTab.ALL


def _tabs(chosen: SessionTab) -> list[tuple[str, str, str, int | None, bool]]:
    """The tabs with their counts; closed conversations are too many to count at every look."""
    live = conversations.count_live()
    counts = {
        SessionTab.ALL: live.total,
        SessionTab.WAITING: live.waiting,
        SessionTab.HUMAN: live.with_human,
        SessionTab.BOT: live.total - live.waiting - live.with_human,
    }
    return [
        (tab.value, text, _address(tab), counts.get(tab), tab is chosen)
        for tab, text in TAB_WORDS.items()
    ]


def _address(tab: SessionTab, after: str | None = None, sealed: str = "") -> str:
    if tab is SessionTab.FOUND:
        return url_for("panel.list_sessions", achar=sealed, depois=after)
    return url_for("panel.list_sessions", filtro=tab.value, depois=after)


def _page(tab: SessionTab, word: str | None, sought: str) -> SessionPage:
    """A page of one list: first who waits, where the tab has them, then the others."""
    past_waiting = read_cursor(word, 2)
    shows_waiting = tab in WITH_WAITING and not past_waiting
    waiting: Sequence[Conversation] = []
    if shows_waiting:
        waiting = conversations.list_waiting(_place_in_queue(read_cursor(word, 3)), PAGE + 1)
    if tab is SessionTab.WAITING or len(waiting) > PAGE:
        return SessionPage(_rows(waiting[:PAGE]), [], _waiting_cursor(waiting))
    room = PAGE - len(waiting)
    others = _others(tab, _last_shown(past_waiting), sought, room + 1)
    rows = _rows([*waiting, *others[:room]])
    more = _more(tab, waiting, others, room)
    return SessionPage(rows[: len(waiting)], rows[len(waiting) :], more)


def _more(
    tab: SessionTab, waiting: Sequence[Conversation], others: Sequence[Conversation], room: int
) -> str | None:
    """The cursor of the next page; a page that is full of people who wait leads on to all the
    others.
    """
    if len(others) <= room:
        return None
    if room == 0:
        return _waiting_cursor(waiting, last=True)
    last = others[room - 1]
    return cursor(_age(tab, last).isoformat(), str(last.id))


def _place_in_queue(values: list[str] | None) -> tuple[int, datetime, UUID] | None:
    """Priority, time and id that a cursor names: it holds when the conversation left the queue
    since.
    """
    if values is None:
        return None
    priority = parse_integer(values[0])
    since = parse_datetime(values[1])
    last_id = as_uuid(values[2])
    if priority is None or since is None or last_id is None:
        return None
    return priority, since, last_id


def _last_shown(values: list[str] | None) -> tuple[datetime, UUID] | None:
    """Time and id that a cursor names."""
    if values is None:
        return None
    moment = parse_datetime(values[0])
    last_id = as_uuid(values[1])
    return None if moment is None or last_id is None else (moment, last_id)


def _others(
    tab: SessionTab, after: tuple[datetime, UUID] | None, sought: str, limit: int
) -> Sequence[Conversation]:
    """Conversations that nobody waits in, or those that were sought; the latest first."""
    if tab is SessionTab.FOUND:
        return search.find_conversations(sought, after, limit)
    return conversations.list_group(GROUPS[tab], after, limit)


def _age(tab: SessionTab, conversation: Conversation) -> datetime:
    """The time by which a tab is sorted; every row of it has one."""
    if tab is SessionTab.CLOSED and conversation.closed_at is not None:
        return conversation.closed_at
    return conversation.last_activity_at


def _waiting_cursor(found: Sequence[Conversation], *, last: bool = False) -> str | None:
    """The cursor behind the last of those who wait and are shown; `last` when no more of them are
    known.
    """
    if len(found) <= PAGE and not last:
        return None
    shown = found[PAGE - 1]
    priority = NO_PRIORITY if shown.priority is None else shown.priority
    since = "" if shown.waiting_since is None else shown.waiting_since.isoformat()
    return cursor(str(priority), since, str(shown.id))


def _rows(shown: Sequence[Conversation]) -> list[SessionListItem]:
    """Conversations with their last messages: one query for all messages, one for all data keys."""
    last = messages.find_last_of_each([conversation.id for conversation in shown])
    keyring().preload({one.data_key_id for one in shown if one.data_key_id is not None})
    return [SessionListItem(conversation, last.get(conversation.id)) for conversation in shown]
