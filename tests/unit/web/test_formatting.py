from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from gatte.web.panel import formatting
from gatte.web.panel.labels import LABEL_TABLES, label


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*oi*", "<strong>oi</strong>"),
        ("_oi_ e ~não~", "<em>oi</em> e <s>não</s>"),
        ("```x = 1```", "<code>x = 1</code>"),
        ("2*3*4 e a_b_c", "2*3*4 e a_b_c"),
        ("* oi *", "* oi *"),
        ("<b>&*x*", "&lt;b&gt;&amp;<strong>x</strong>"),
        ("", ""),
        (None, ""),
    ],
)
def test_whatsapp_marks_become_markup_and_all_else_is_escaped(text, shown):
    assert formatting.whatsapp(text) == shown


def test_an_address_becomes_a_link_without_its_full_stop():
    shown = formatting.whatsapp('veja https://exemplo.com/a_b_c?x="1". Certo?')

    assert shown.startswith('veja <a href="https://exemplo.com/a_b_c?x=" rel=')
    assert (
        "onclick" not in formatting.whatsapp('https://x.example/"onclick="alert(1)').split(">")[0]
    )


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("5511988887777", "+55 11 9••••-7777"),
        ("551133334444", "+55 11 ••••-4444"),
        ("14155550100", "+14 ••••-0100"),
        (None, "Contato sem telefone"),
    ],
)
def test_a_masked_phone_shows_only_its_end(phone, shown):
    assert formatting.masked_phone(phone) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (5, "5 s"),
        (61, "1 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (47 * 3600, "47 h"),
        (72 * 3600, "3 dias"),
        (-5, "0 s"),
    ],
)
def test_lengths_of_time(length, shown):
    assert formatting.duration(timedelta(seconds=length)) == shown


def test_waiting_is_told_in_minutes_from_the_first_on():
    assert formatting.waiting_time(datetime.now(UTC)) == "1 min"
    assert formatting.waiting_time(datetime.now(UTC) - timedelta(minutes=7)) == "7 min"
    assert formatting.waiting_time(None) == ""


def test_a_document_has_its_dots():
    assert formatting.document("52998224725") == "529.982.247-25"
    assert formatting.document("12ABC34501DE35") == "12.ABC.345/01DE-35"


def test_the_window_is_open_for_24_hours():
    assert formatting.window_left(datetime.now(UTC) - timedelta(hours=23)) > timedelta(minutes=59)
    assert formatting.window_left(datetime.now(UTC) - timedelta(hours=25)) == timedelta()
    assert formatting.window_left(None) == timedelta()


def test_days_and_times_are_those_of_the_company():
    from zoneinfo import ZoneInfo

    app = Flask("test")
    app.extensions["gatte_settings"] = type(
        "Settings", (), {"time_zone": ZoneInfo("America/Sao_Paulo")}
    )()
    with app.app_context():
        assert formatting.time_of_day(datetime(2026, 3, 4, 2, 5, tzinfo=UTC)) == "23:05"
        assert formatting.datetime_br(datetime(2026, 3, 4, 2, 5, tzinfo=UTC)) == "03/03/2026 23:05"
        assert formatting.day(datetime.now(UTC)) == "hoje"
        assert formatting.time_ago(datetime.now(UTC) - timedelta(minutes=3)) == "há 3 min"


@pytest.mark.parametrize("words", LABEL_TABLES)
def test_every_member_of_a_closed_set_has_its_words(words):
    members = type(next(iter(words)))

    assert set(words) == set(members)
    assert all(label(member) for member in members)
