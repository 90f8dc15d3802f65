import re

from gatte.web.panel.paging import PAGE
from tests.integration.panel.factories import minutes_ago


def names(page):
    return re.findall(r'class="row-name">([^<]+)<', page.text)


def versions(page):
    return ";".join(
        f"{name}={version}"
        for name, version in re.findall(
            r'id="([a-z_]+)" [^>]*data-version="([0-9a-f]{16})"', page.text
        )
    )


def test_who_waits_stands_on_top_by_urgency_and_then_by_time(agent, desk):
    desk.conversation("Recente", active_minutes=0)
    desk.conversation("Espera pouco", "STATE_WAITING_HUMAN", waiting_minutes=1, priority=3)
    desk.conversation("Espera muito", "STATE_WAITING_HUMAN", waiting_minutes=9, priority=3)
    desk.conversation("Nota parada", "STATE_WAITING_HUMAN", waiting_minutes=0, priority=0)

    assert names(agent.get("/panel/sessoes"))[:4] == [
        "Nota parada",
        "Espera muito",
        "Espera pouco",
        "Recente",
    ]


def test_a_tab_shows_its_conversations_only(agent, desk, users):
    desk.conversation("Do robô")
    desk.with_agent(users["bruno"], name="Do Bruno")
    desk.conversation("Na fila", "STATE_WAITING_HUMAN", waiting_minutes=1)

    assert "Do Bruno" not in names(agent.get("/panel/sessoes?filtro=robo"))
    assert set(names(agent.get("/panel/sessoes?filtro=atendente"))) == {"Do Bruno"}
    assert "Na fila" in names(agent.get("/panel/sessoes?filtro=aguardando"))


def test_a_contact_without_a_name_shows_a_masked_phone(agent, desk):
    desk.conversation(None, says=["oi"])

    page = agent.get("/panel/sessoes").text
    assert re.search(r"\+55 11 9••••-\d{4}", page)
    assert not re.search(r"119700\d{5}", page)


def test_what_a_customer_writes_is_shown_as_text_and_never_as_markup(agent, desk):
    desk.conversation("<b>Zé</b>", says=["<script>alert(1)</script>"])

    page = agent.get("/panel/sessoes").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<b>Zé" not in page


def test_a_poll_gets_only_what_changed_and_204_when_nothing_did(agent, desk):
    conversation = desk.conversation("Sossegada", says=["oi"])
    shown = versions(agent.get("/panel/sessoes"))

    assert agent.poll("/panel/sessoes", shown).status_code == 204
    desk.says(conversation, "chegou mais uma")
    changed = agent.poll("/panel/sessoes", shown)
    assert "chegou mais uma" in changed.text
    assert 'id="session_tabs"' not in changed.text
    assert changed.headers["Vary"] == "HX-Request, Cookie"


def test_a_closed_conversation_leaves_the_list(agent, desk):
    desk.conversation("Encerrada de vez", "STATE_CLOSED", closed_at=minutes_ago(1))

    assert "Encerrada de vez" not in names(agent.get("/panel/sessoes"))


def test_pages_show_every_conversation_once(agent, desk):
    for number in range(PAGE + 5):
        desk.conversation(f"Pessoa {number}", active_minutes=10 + number / 10)
    found, path = [], "/panel/sessoes?filtro=robo"
    while path:
        page = agent.get(path)
        found += names(page)
        more = re.search(r'id="page-more"[^>]*href="([^"]+)"', page.text)
        path = more and more[1].replace("&amp;", "&")

    ours = [name for name in found if name.startswith("Pessoa ")]
    assert ours == [f"Pessoa {number}" for number in range(PAGE + 5)]


def test_an_address_that_was_tampered_with_shows_the_first_page(agent):
    for word in ("x", "W10", "bm9uc2Vuc2U", "WyJhIiwgImIiXQ"):
        assert agent.get(f"/panel/sessoes?filtro=nada&depois={word}").status_code == 200
