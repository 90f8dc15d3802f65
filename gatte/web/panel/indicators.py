"""Figures of past days, for admins: conversations, intents, escalations, waiting, errors, cost; and
the same as CSV.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from gatte import services
from gatte.models import Author, TurnOutcome
from gatte.operations import indicators
from gatte.operations.indicators import Indicators
from gatte.store import daily_figures
from gatte.web.htmx import render
from gatte.web.panel import form_values, labels
from gatte.web.panel.admin_access import require_admin

PERIODS = (7, 30, 90, 365)
DEFAULT_DAYS = 30
MOST_DAYS = 366
TOP_INTENTS = 10
OUTCOMES = {
    TurnOutcome.FAILED: "O cliente foi avisado da falha",
    TurnOutcome.DEAD_LETTER: "Ficou sem resposta",
}
LABELS: Mapping[str, Mapping[Any, str]] = {
    "intents": labels.INTENTS,
    "escalations": labels.REASONS,
    "errors": OUTCOMES,
    "messages": labels.AUTHORS,
    "tickets": labels.TICKET_KINDS,
}


@dataclass(frozen=True)
class Bar:
    """A label with its amount, and how long its bar is, in hundredths of the longest."""

    words: str
    amount: str
    length: float


@dataclass(frozen=True)
class Period:
    """The days that are shown, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/indicadores", view_func=show_indicators)
    bp.add_url_rule("/panel/indicadores.csv", view_func=download_indicators)


def show_indicators() -> Response:
    """Sums and charts of a period."""
    require_admin()
    period = _period()
    found = indicators.load(period.since, period.until)
    return render(
        "panel/indicators.html",
        period=period,
        tabs=_tabs(period),
        tiles=_tiles(found),
        days=_bars_by_day(found),
        charts=[
            ("Assuntos mais frequentes", _bars(found, "intents")[:TOP_INTENTS]),
            ("Por que foi para uma pessoa", _bars(found, "escalations")),
            ("Falhas", _bars(found, "errors")),
            ("Custo por modelo (R$)", _bars(found, "cost_brl", places=2)),
        ],
        csv_url=url_for(
            "panel.download_indicators",
            de=period.since.isoformat(),
            ate=period.until.isoformat(),
        ),
    )


def download_indicators() -> Response:
    """Every figure of the period by day, number and label, as spreadsheets in Brazil read it."""
    require_admin()
    period = _period()
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(("dia", "numero", "indicador", "detalhe", "valor"))
    for one in daily_figures.list_figures(period.since, period.until):
        amount = f"{one.amount.normalize():f}".replace(".", ",")
        rows.writerow((one.day, one.phone_number_id, one.figure, one.label, amount))
    response = make_response("\ufeff" + text.getvalue())
    name = f"indicadores-{period.since}-{period.until}.csv"
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _period() -> Period:
    """The days that the address names, at most a year; the last thirty when it names none."""
    today = datetime.now(services.settings().time_zone).date()
    until = form_values.parse_day(request.args.get("ate", "")) or today
    named = form_values.parse_day(request.args.get("de", ""))
    since = named or until - timedelta(days=DEFAULT_DAYS - 1)
    since, until = min(since, until), max(since, until)
    return Period(max(since, until - timedelta(days=MOST_DAYS - 1)), until)


def _tabs(period: Period) -> list[tuple[str, str, str, None, bool]]:
    """The periods to choose from, up to today."""
    today = datetime.now(services.settings().time_zone).date()
    tabs: list[tuple[str, str, str, None, bool]] = []
    for days in PERIODS:
        since = today - timedelta(days=days - 1)
        address = url_for("panel.show_indicators", de=since.isoformat(), ate=today.isoformat())
        chosen = period == Period(since, today)
        tabs.append((f"{days}", f"{days} dias", address, None, chosen))
    return tabs


def _tiles(found: Indicators) -> list[tuple[str, str, str]]:
    """Each sum with its words, and what it says beside."""
    share = found.ratio("escalations", "conversations")
    wait = found.ratio("waiting_seconds", "waits")
    customers = dict(found.by_label.get("messages", ())).get(Author.CUSTOMER.value, Decimal(0))
    cost_each = found.ratio("cost_brl", "conversations")
    return [
        ("Conversas", _number(found.total("conversations")), f"{_number(customers)} mensagens"),
        (
            "Foram para uma pessoa",
            _number(found.total("escalations")),
            "" if share is None else f"{_number(share * 100)} de cada 100 conversas",
        ),
        (
            "Espera média por uma pessoa",
            "sem dados" if wait is None else _minutes(wait),
            f"{_number(found.total('waits'))} atendidas",
        ),
        ("Clientes que pararam de responder", _number(found.total("timeouts")), ""),
        ("Falhas", _number(found.total("errors")), ""),
        (
            "Custo dos modelos",
            f"R$ {_number(found.total('cost_brl'), 2)}",
            "" if cost_each is None else f"R$ {_number(cost_each, 3)} por conversa",
        ),
        ("Chamados", _number(found.total("tickets")), ""),
        ("Leads", _number(found.total("leads")), ""),
    ]


def _bars(found: Indicators, figure: str, places: int = 0) -> list[Bar]:
    """The labels of a figure as bars, the longest first."""
    amounts = found.by_label.get(figure, [])
    longest = max((amount for _, amount in amounts), default=Decimal(1))
    return [
        Bar(_words(figure, label), _number(amount, places), float(100 * amount / longest))
        for label, amount in amounts
    ]


def _bars_by_day(found: Indicators) -> list[Bar]:
    """The conversations of each day as bars."""
    amounts = found.by_day.get("conversations", [])
    longest = max((amount for _, amount in amounts), default=Decimal(0)) or Decimal(1)
    return [
        Bar(f"{day:%d/%m/%Y}", _number(amount), float(100 * amount / longest))
        for day, amount in amounts
    ]


def _words(figure: str, label: str) -> str:
    known = {str(member): words for member, words in LABELS.get(figure, {}).items()}
    return known.get(label, label) or "sem detalhe"


def _number(amount: Decimal, places: int = 0) -> str:
    """A number as it is written in Brazil."""
    spelled = f"{amount:,.{places}f}"
    return spelled.replace(",", " ").replace(".", ",").replace(" ", ".")


def _minutes(seconds: Decimal) -> str:
    if seconds < 60:
        return f"{_number(seconds)} s"
    return f"{_number(seconds / 60)} min"
