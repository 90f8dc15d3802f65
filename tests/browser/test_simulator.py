"""A customer in the simulator, as a person at a screen sees it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, log_in, overflow, shot

ANSWER_PATIENCE = 20_000
UNANSWERED = "vocês emitem certificado para {} agrícola?"
LEARNED_ANSWER = "Sim: para o {} o certificado é um e-CNPJ A1 no nome da empresa que opera o voo."
GROUPED = 60_000
"""Milliseconds in which questions are put into groups, once somebody asks for it."""


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


def ask(page: Page, customer: str, thing: str) -> str:
    """Ask as a new customer; what the bot says."""
    as_customer(page, customer)
    say(page, UNANSWERED.format(thing))
    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)
    return answers(page).first.inner_text()


def explain_and_correct(page: Page, customer: str) -> None:
    """Look why the bot answered so, and say what the customer meant."""
    page.goto("/panel/sessoes")
    page.get_by_role("link", name=customer).first.click()
    page.locator("a[href*='/porque/']").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Por que o robô disse isto")
    shot(page, "teaching-why")
    assert overflow(page) == 0
    page.get_by_text("Corrigir leitura").click()
    page.get_by_label("Faz uma pergunta").check()
    page.get_by_label("Quer comprar um certificado").check()
    page.get_by_role("button", name="Salvar a correção").click()
    expect(page.locator("#main, main").first).to_contain_text("corrigiu: o cliente")
    shot(page, "teaching-corrected")


def group_questions(page: Page) -> None:
    """Have the questions put into groups now, not in some minutes."""
    page.goto("/panel/rotinas")
    form = page.locator("form[action$='/group_unanswered_questions']")
    form.get_by_role("button").click()


def write_article(page: Page, thing: str) -> None:
    """Make a draft of the group, try it, and publish it."""
    group = page.locator("section.card", has_text=UNANSWERED.format(thing))
    for _ in range(20):
        page.goto("/panel/perguntas")
        if group.count():
            break
        page.wait_for_timeout(GROUPED / 20)
    shot(page, "teaching-groups")
    assert overflow(page) == 0
    group.get_by_role("link", name="Escrever artigo").click()
    page.get_by_label("Resposta", exact=False).first.fill(LEARNED_ANSWER.format(thing))
    page.get_by_role("button", name="Salvar rascunho").click()
    draft = page.url
    try_out(page, thing)
    page.goto(draft)
    shot(page, "teaching-draft")
    assert overflow(page) == 0
    page.get_by_role("button", name="Salvar e publicar").click()


def try_out(page: Page, thing: str) -> None:
    """Ask the draft what the customer asked."""
    page.goto("/panel/base/teste")
    page.get_by_label("Pergunta, como um cliente escreveria").fill(UNANSWERED.format(thing))
    page.get_by_label("Contar também com os rascunhos").check()
    page.get_by_role("button", name="Testar").click()
    expect(page.locator("main")).to_contain_text(
        LEARNED_ANSWER.format(thing), timeout=ANSWER_PATIENCE
    )
    shot(page, "teaching-trial")
    assert overflow(page) == 0


def test_an_unanswered_question_becomes_an_article_that_answers_the_next_customer(open_window):
    page = log_in(open_window(NARROW))
    assert LEARNED_ANSWER.format("drone") not in ask(page, "Dora Brandt", "drone")
    explain_and_correct(page, "Dora Brandt")
    group_questions(page)
    write_article(page, "drone")

    assert LEARNED_ANSWER.format("drone") in ask(page, "Nilo Schuch", "drone")
