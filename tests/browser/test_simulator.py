"""A customer in the simulator, as a person at a screen sees it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, log_in, overflow, shot

ANSWER_PATIENCE = 20_000


def say(page: Page, text: str) -> None:
    page.get_by_label("Mensagem", exact=True).fill(text)
    page.get_by_label("Mensagem", exact=True).press("Enter")


def as_customer(page: Page, name: str) -> Page:
    """Make up a customer of one's own and open the phone."""
    page.goto("/panel/simulador")
    if page.locator("details.customers").get_attribute("open") is None:
        page.locator("details.customers summary").click()
    page.get_by_label("Nome do novo cliente").fill(name)
    page.get_by_role("button", name="Criar").click()
    expect(page.locator(".phone")).to_have_attribute("aria-label", f"Celular de {name}")
    return page


def answers(page: Page):
    return page.locator("#chat .bubble-left:not(.typing)")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_a_greeting_gets_a_menu_that_opens_as_a_sheet(open_window, size):
    page = as_customer(log_in(open_window(size)), "Teresa Menu")
    say(page, "oi")
    expect(page.locator("#chat .typing")).to_be_visible()
    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)
    expect(page.locator("#chat .typing")).to_have_count(0)
    shot(page, "simulator-menu")
    assert overflow(page) == 0

    page.locator("#chat [data-sheet]").last.click()
    rows = page.locator("#sheet .sheet-row")
    expect(rows.first).to_be_visible()
    shot(page, "simulator-sheet")
    title = rows.first.evaluate("row => row.firstChild.textContent.trim()")
    rows.first.click()
    expect(page.locator("#sheet")).not_to_be_visible()
    expect(page.locator("#chat .bubble-right").last).to_contain_text(title)
    expect(answers(page)).to_have_count(2, timeout=ANSWER_PATIENCE)
    shot(page, "simulator-after-row")


def test_a_question_gets_its_answer_from_the_knowledge_base(agent):
    page = as_customer(agent, "Quirino Pergunta")
    say(page, "qual a diferença entre o certificado A1 e o A3?")

    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)
    expect(answers(page).first).to_contain_text(re.compile("A1.*A3", re.DOTALL))
    shot(page, "simulator-answer")


def test_ticks_go_from_sent_to_read(agent):
    page = as_customer(agent, "Ticiano Lido")
    say(page, "bom dia")

    expect(page.locator("#chat .bubble-right .tick-read")).to_have_count(1, timeout=ANSWER_PATIENCE)


def test_what_is_typed_stays_while_the_chat_refreshes(agent):
    page = as_customer(agent, "Dirce Digita")
    say(page, "oi")
    page.get_by_label("Mensagem", exact=True).press_sequentially("ainda escrevendo", delay=100)
    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)

    expect(page.get_by_label("Mensagem", exact=True)).to_have_value("ainda escrevendo")
    expect(page.get_by_label("Mensagem", exact=True)).to_be_focused()


def test_an_answer_is_announced_to_screen_readers(agent):
    page = as_customer(agent, "Ouvinte Atenta")
    say(page, "oi")

    expect(page.locator("#announcer")).not_to_be_empty(timeout=ANSWER_PATIENCE)


def test_an_attachment_is_answered_helpfully(agent):
    page = as_customer(agent, "Augusto Áudio")
    page.locator(".attach summary").click()
    page.get_by_role("button", name="Áudio").click()

    expect(page.locator("#chat .bubble-right")).to_contain_text("[Áudio]")
    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)
    shot(page, "simulator-audio")


def test_buying_a_certificate_makes_a_lead(agent):
    page = as_customer(agent, "Leonor Compra")
    for turn, text in enumerate(
        ["quero comprar um e-CNPJ", "Leonor Compra", "12ABC34501DE35", "leonor@exemplo.com.br"],
        start=1,
    ):
        say(page, text)
        expect(answers(page)).to_have_count(turn, timeout=ANSWER_PATIENCE)
    shot(page, "simulator-lead")
