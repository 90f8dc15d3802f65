"""From a question that the bot could not answer to the next customer who gets the answer, as the
people of the desk do it.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, log_in, overflow, shot
from tests.browser.test_simulator import ANSWER_PATIENCE, answers, as_customer, say

QUESTION = "vocês emitem certificado para {} agrícola?"
ANSWER = "Sim: para o {} o certificado é um e-CNPJ A1 no nome da empresa que opera o voo."
LEARNED = 60_000
"""Milliseconds in which questions are put into groups, once somebody asks for it."""


def ask(page: Page, customer: str, thing: str) -> str:
    """Ask as a new customer; what the bot says."""
    as_customer(page, customer)
    say(page, QUESTION.format(thing))
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
    group = page.locator("section.card", has_text=QUESTION.format(thing))
    for _ in range(20):
        page.goto("/panel/perguntas")
        if group.count():
            break
        page.wait_for_timeout(LEARNED / 20)
    shot(page, "teaching-groups")
    assert overflow(page) == 0
    group.get_by_role("link", name="Escrever artigo").click()
    page.get_by_label("Resposta", exact=False).first.fill(ANSWER.format(thing))
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
    page.get_by_label("Pergunta, como um cliente escreveria").fill(QUESTION.format(thing))
    page.get_by_label("Contar também com os rascunhos").check()
    page.get_by_role("button", name="Testar").click()
    expect(page.locator("main")).to_contain_text(ANSWER.format(thing), timeout=ANSWER_PATIENCE)
    shot(page, "teaching-trial")
    assert overflow(page) == 0


@pytest.mark.parametrize(
    ("size", "thing", "first", "second"),
    [
        (WIDE, "drone", "Dora Brandt", "Nilo Schuch"),
        (NARROW, "trator", "Iara Abreu", "Kauê Wagner"),
    ],
    ids=["1280", "390"],
)
def test_an_unanswered_question_becomes_an_article_that_answers_the_next_customer(
    open_window, size, thing, first, second
):
    page = log_in(open_window(size))
    assert ANSWER.format(thing) not in ask(page, first, thing)
    explain_and_correct(page, first)
    group_questions(page)
    write_article(page, thing)

    assert ANSWER.format(thing) in ask(page, second, thing)
