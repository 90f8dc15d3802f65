"""What an agent typed is not lost, whatever happens to the conversation, the connection or the
session.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, PASSWORD, log_in, overflow, shot
from tests.browser.test_desk import LIVE, ask_for_a_human, customer, open_session  # noqa: F401 - a fixture
from tests.browser.test_simulator import ANSWER_PATIENCE, answers, as_customer, say

PATIENCE = 20_000


@pytest.fixture
def bruno(open_window) -> Page:
    """The window of an agent who is no admin."""
    return log_in(open_window(), "bruno@empresa.example")


def field(page: Page):
    return page.get_by_label("Sua resposta ao cliente")


def take(page: Page, name: str) -> Page:
    open_session(page, name).get_by_role("button", name="Assumir").click()
    expect(field(page)).to_be_visible()
    return page


def take_over(page: Page, name: str) -> None:
    page.goto("/panel/sessoes?filtro=atendente")
    page.get_by_role("link", name=name).click()
    page.locator("#heading").get_by_role("button", name="Assumir").click()
    shot(page, "take-over-confirm")
    page.locator("#confirm [data-yes]").click()
    expect(page.locator("#heading")).to_contain_text("com você")


@pytest.mark.complains
def test_what_was_typed_stays_when_another_takes_the_conversation(agent, bruno, customer):  # noqa: F811
    ask_for_a_human(customer, "Tomás Tomada")
    take(bruno, "Tomás Tomada")
    expect(bruno.locator("#notices")).to_contain_text("A conversa é sua")
    field(bruno).fill("Um texto comprido que")
    take_over(agent, "Tomás Tomada")

    expect(bruno.locator("#composer")).to_contain_text("Quem atende é Ana Ribeiro", timeout=LIVE)
    expect(field(bruno)).to_have_value("Um texto comprido que")
    expect(bruno.locator("#notices")).to_have_text(
        re.compile("^\\s*Quem atende agora é Ana Ribeiro.\\s*$")
    )
    shot(bruno, "draft-taken")
    field(bruno).press("Enter")
    expect(bruno.locator("#problem")).to_contain_text("Esta conversa não está com você")
    expect(field(bruno)).to_have_value("Um texto comprido que")
    shot(bruno, "draft-refused")


@pytest.mark.complains
def test_a_refused_answer_comes_back_into_its_field(bruno, customer):  # noqa: F811
    ask_for_a_human(customer, "Rui Recusa")
    take(bruno, "Rui Recusa")
    field(bruno).evaluate("one => one.removeAttribute('maxlength')")
    field(bruno).fill("x" * 4097)
    bruno.get_by_role("button", name="Enviar resposta").click()

    expect(bruno.locator("#problem")).to_contain_text("Esta tem 4097")
    expect(field(bruno)).to_have_value("x" * 4097)
    field(bruno).fill("Agora curto")
    field(bruno).press("Enter")
    expect(bruno.locator("#thread .by-agent")).to_have_count(1)
    expect(field(bruno)).to_have_value("")
    expect(bruno.locator("#problem .notice")).to_have_count(0)


def test_enter_twice_sends_once(bruno, customer):  # noqa: F811
    ask_for_a_human(customer, "Duas Teclas")
    take(bruno, "Duas Teclas")
    bruno.route("**/responder", lambda route: (bruno.wait_for_timeout(700), route.continue_()))
    field(bruno).fill("Uma vez só")
    field(bruno).press("Enter")
    field(bruno).press("Enter")
    expect(bruno.locator("#thread .by-agent")).to_have_count(1)

    bruno.reload()
    expect(bruno.locator("#thread .by-agent")).to_have_count(1)
    expect(field(bruno)).to_have_value("")


@pytest.mark.complains
def test_an_answer_whose_response_got_lost_is_sent_once(bruno, customer):  # noqa: F811
    ask_for_a_human(customer, "Perda Resposta")
    take(bruno, "Perda Resposta")
    bruno.route("**/responder", lambda route: (route.fetch(), route.abort()), times=1)
    field(bruno).fill("Chegou ou não?")
    field(bruno).press("Enter")
    expect(field(bruno)).to_have_value("Chegou ou não?")
    field(bruno).press("Enter")

    expect(field(bruno)).to_have_value("")
    bruno.reload()
    expect(bruno.locator("#thread .by-agent")).to_have_count(1)


def log_in_again(page: Page, email: str) -> None:
    expect(page.get_by_text("Sua sessão terminou. Entre de novo")).to_be_visible()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()


@pytest.mark.complains
def test_what_was_typed_is_back_after_a_session_was_lost(agent, customer):  # noqa: F811
    ask_for_a_human(customer, "Sônia Sessão")
    take(agent, "Sônia Sessão")
    field(agent).press_sequentially("Já vou resp")
    agent.context.clear_cookies()
    shot(agent, "session-lost")
    log_in_again(agent, "ana@empresa.example")

    expect(agent.get_by_role("heading", name="Sônia Sessão")).to_be_visible()
    expect(field(agent)).to_have_value("Já vou resp")
    field(agent).press("Enter")
    expect(agent.locator("#thread .by-agent")).to_have_count(1)
    agent.reload()
    expect(field(agent)).to_have_value("")


def open_a_ticket(page: Page, name: str) -> None:
    as_customer(page, name)
    lines = [
        "quero abrir um chamado",
        "o token não é reconhecido pelo computador",
        "aparece erro 500 na tela desde ontem",
        "normal",
        "sim",
    ]
    for turn, text in enumerate(lines, start=1):
        say(page, text)
        expect(answers(page)).to_have_count(turn, timeout=ANSWER_PATIENCE)


@pytest.mark.complains
def test_a_note_is_back_after_a_session_was_lost_and_gone_when_saved(agent, customer):  # noqa: F811
    open_a_ticket(customer, "Nota Perdida")
    agent.goto("/panel/chamados")
    agent.locator("a.row").first.click()
    note = agent.get_by_label("Nova nota")
    note.fill("Liguei às 10h; volta amanhã.")
    agent.context.clear_cookies()
    agent.get_by_role("button", name="Acrescentar nota").click()
    log_in_again(agent, "ana@empresa.example")
    expect(note).to_have_value("Liguei às 10h; volta amanhã.")

    agent.get_by_role("button", name="Acrescentar nota").click()
    expect(agent.locator(".notes li")).to_have_count(1)
    expect(note).to_have_value("")
    shot(agent, "ticket-note")


def test_an_agent_closes_a_conversation_and_finds_it_again(agent, customer):  # noqa: F811
    ask_for_a_human(customer, "Flora Final")
    take(agent, "Flora Final")
    agent.get_by_role("button", name="Encerrar", exact=True).click()
    shot(agent, "close-confirm")
    agent.locator("#confirm [data-yes]").click()
    expect(agent.locator("#heading .badge")).to_have_text("Encerrada")
    expect(customer.locator("#chat")).to_contain_text(
        "Encerramos este atendimento", timeout=ANSWER_PATIENCE
    )

    agent.goto("/panel/sessoes")
    agent.get_by_label("Buscar conversas").fill("flora")
    agent.get_by_role("button", name="Buscar").click()
    shot(agent, "search")
    agent.get_by_role("link", name="Flora Final").click()
    expect(agent.get_by_role("heading", name="Flora Final")).to_be_visible()


def test_a_contact_is_muted_and_heard_again(agent, customer):  # noqa: F811
    ask_for_a_human(customer, "Sandro Silenciado")
    open_session(agent, "Sandro Silenciado")
    agent.get_by_text("Silenciar contato").click()
    agent.get_by_label("Por quanto tempo").select_option(label="7 dias")
    shot(agent, "mute-form")
    agent.get_by_role("button", name="Silenciar", exact=True).click()
    expect(agent.locator("#card")).to_contain_text("por ofensas ou ameaças")
    shot(agent, "muted")

    agent.get_by_role("button", name="Reativar").click()
    agent.locator("#confirm [data-yes]").click()
    expect(agent.get_by_text("Silenciar contato")).to_be_visible()


def test_pages_of_the_desk_fit_a_phone(open_window, customer):  # noqa: F811
    ask_for_a_human(customer, "Paula Pequena")
    page = take(log_in(open_window(NARROW)), "Paula Pequena")
    page.get_by_text("Silenciar contato").click()
    shot(page, "phone-talk")
    assert overflow(page) == 0
    page.goto("/panel/sessoes")
    page.get_by_role("searchbox").fill("paula")
    page.get_by_role("button", name="Buscar").click()
    expect(page.get_by_text("Conversas de “paula”")).to_be_visible()
    assert "paula" not in page.url
    page.locator("a.row").first.click()
    page.go_back()
    expect(page.get_by_text("Conversas de “paula”")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Conversas de “paula”")).to_be_visible()
    for name, path in {
        "found": page.url,
        "closed": "/panel/sessoes?filtro=encerradas",
    }.items():
        page.goto(path)
        shot(page, f"phone-{name}")
        assert (name, overflow(page)) == (name, 0)


def test_what_was_chosen_on_an_older_page_stays_beside_what_another_saved(
    agent,
    bruno,
    customer,  # noqa: F811 - a fixture
    open_window,
):
    open_a_ticket(customer, "Velha Folha")
    agent.goto("/panel/chamados")
    agent.locator("a.row").first.click()
    bruno.goto(agent.url)
    bruno.get_by_label("Responsável").select_option(label="Bruno Castro")
    bruno.get_by_role("button", name="Salvar").click()
    agent.get_by_label("Situação").select_option(label="Resolvido")
    agent.get_by_role("button", name="Salvar").click()

    expect(agent.get_by_role("alert")).to_contain_text("responsável Bruno Castro")
    expect(agent.get_by_label("Situação")).to_have_value("solved")
    expect(agent.get_by_label("Responsável").locator("option:checked")).to_have_text("Bruno Castro")
    shot(agent, "stale-ticket")
    agent.set_viewport_size(NARROW)
    shot(agent, "stale-ticket")
    assert overflow(agent) == 0
