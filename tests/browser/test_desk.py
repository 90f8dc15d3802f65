"""An agent's working day at the panel, while a customer writes in the simulator."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, log_in, overflow, shot
from tests.browser.test_simulator import ANSWER_PATIENCE, answers, as_customer, say

LIVE = 5_000  # what happens shows within 2 s; the rest is for a busy machine


@pytest.fixture
def customer(open_window) -> Page:
    """A window in which somebody plays a customer."""
    return log_in(open_window(), "bruno@empresa.example")


def ask_for_a_human(page: Page, name: str) -> Page:
    as_customer(page, name)
    say(page, "quero falar com um atendente")
    expect(answers(page)).to_have_count(1, timeout=ANSWER_PATIENCE)
    return page


def open_session(page: Page, name: str) -> Page:
    page.goto("/panel/sessoes?filtro=aguardando")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page


def test_who_asks_for_a_human_shows_as_waiting_without_a_reload(agent, customer):
    expect(agent.get_by_role("heading", name="Conversas", exact=True)).to_be_visible()
    agent.evaluate("window.notReloaded = true")
    ask_for_a_human(customer, "Wanda Espera")

    row = agent.locator(".row-waiting", has_text="Wanda Espera")
    expect(row).to_be_visible(timeout=LIVE)
    expect(row).to_contain_text("Aguardando atendente")
    expect(row).to_contain_text("Pediu um atendente")
    assert agent.evaluate("window.notReloaded") is True
    shot(agent, "sessions-waiting")


def test_an_agent_takes_answers_and_hands_back(agent, customer):
    ask_for_a_human(customer, "Helena Ajuda")
    open_session(agent, "Helena Ajuda")
    agent.get_by_role("button", name="Assumir").click()
    expect(agent.locator(".notice.success")).to_contain_text("A conversa é sua")
    expect(agent.locator("#heading")).to_contain_text("com você")

    agent.get_by_label("Sua resposta ao cliente").fill("Olá, Helena! Aqui é a *Ana*.")
    agent.get_by_label("Sua resposta ao cliente").press("Enter")
    expect(agent.get_by_label("Sua resposta ao cliente")).to_have_value("")
    expect(customer.locator("#chat strong", has_text="Ana")).to_be_visible(timeout=ANSWER_PATIENCE)
    expect(agent.locator("#thread .by-agent .tick-read")).to_be_visible(timeout=ANSWER_PATIENCE)
    shot(agent, "desk-answered")

    say(customer, "obrigada, era só isso")
    expect(agent.locator("#thread .bubble-left").last).to_contain_text("era só isso", timeout=LIVE)
    agent.get_by_role("button", name="Devolver ao robô").click()
    agent.get_by_role("button", name="Devolver", exact=True).click()
    expect(agent.locator("#heading")).to_contain_text("com o robô", timeout=LIVE)
    expect(agent.locator("#timeline")).to_contain_text("Devolvida ao robô")


def test_the_bot_is_silent_while_a_human_has_the_conversation(agent, customer):
    ask_for_a_human(customer, "Silvia Silêncio")
    open_session(agent, "Silvia Silêncio").get_by_role("button", name="Assumir").click()
    expect(agent.locator("#heading")).to_contain_text("com você")
    before = answers(customer).count()

    say(customer, "qual o preço do e-CPF?")
    expect(agent.locator("#thread .bubble-left").last).to_contain_text("preço", timeout=LIVE)
    customer.wait_for_timeout(3_000)
    assert answers(customer).count() == before


@pytest.mark.complains
def test_the_slower_of_two_agents_is_told(agent, customer, open_window):
    ask_for_a_human(customer, "Duda Disputa")
    other = log_in(open_window(), "bruno@empresa.example")
    open_session(agent, "Duda Disputa")
    open_session(other, "Duda Disputa")
    other.route(
        re.compile("/panel/sessoes/[^/]+$"), lambda route: route.abort("timedout")
    )  # the other's page grows old
    agent.get_by_role("button", name="Assumir").click()
    expect(agent.locator("#heading")).to_contain_text("com você")
    other.get_by_role("button", name="Assumir").click()

    expect(other.locator(".notice.danger")).to_contain_text(
        "Outra pessoa da equipe assumiu esta conversa antes de você"
    )
    expect(other.locator("#composer")).to_contain_text("Quem atende é Ana Ribeiro")
    shot(other, "desk-slower")


def test_an_admin_resets_and_an_agent_escalates_after_a_confirmation(agent, customer):
    as_customer(customer, "Rita Reinício")
    say(customer, "quero comprar um e-CPF")
    expect(answers(customer)).to_have_count(1, timeout=ANSWER_PATIENCE)
    agent.goto("/panel/sessoes?filtro=robo")
    agent.get_by_role("link", name="Rita Reinício").click()
    agent.get_by_role("button", name="Reiniciar").click()
    shot(agent, "desk-confirm")
    agent.get_by_role("button", name="Voltar", exact=True).click()
    expect(agent.locator("#heading .badge")).to_have_text("Coletando dados")

    agent.get_by_role("button", name="Reiniciar").click()
    agent.locator("#confirm [data-yes]").click()
    expect(agent.locator("#heading .badge")).to_have_text("Início")
    agent.get_by_role("button", name="Encaminhar").click()
    agent.locator("#confirm [data-yes]").click()
    expect(agent.locator("#heading .badge")).to_have_text("Aguardando atendente")
    expect(agent.locator("#timeline")).to_contain_text("Ana Ribeiro: reiniciou a conversa")
    expect(agent.locator("#timeline")).to_contain_text("Ana Ribeiro: encaminhou ao atendimento")


def test_a_draft_survives_a_message_of_the_customer(agent, customer):
    ask_for_a_human(customer, "Rosa Rascunho")
    open_session(agent, "Rosa Rascunho").get_by_role("button", name="Assumir").click()
    draft = agent.get_by_label("Sua resposta ao cliente")
    draft.press_sequentially("Estou escrev", delay=80)
    say(customer, "alguém aí?")
    expect(agent.locator("#thread .bubble-left").last).to_contain_text("alguém aí", timeout=LIVE)

    draft.press_sequentially("endo")
    expect(draft).to_have_value("Estou escrevendo")


def test_a_lead_that_the_bot_made_is_worked_on(agent, customer):
    as_customer(customer, "Vera Venda")
    lines = ["quero comprar um e-CPF A1", "Vera Venda", "529.982.247-25", "vera@exemplo.com.br"]
    for turn, text in enumerate(lines, start=1):
        say(customer, text)
        expect(answers(customer)).to_have_count(turn, timeout=ANSWER_PATIENCE)
    for _ in range(
        3
    ):  # what is still asked (the type, a confirmation) is answered by the first offer
        if customer.locator("#chat .bubble-left").last.locator(".tap").count() == 0:
            break
        count = answers(customer).count()
        tap_first(customer)
        expect(answers(customer)).to_have_count(count + 1, timeout=ANSWER_PATIENCE)

    agent.goto("/panel/leads")
    agent.get_by_role("link", name="Vera Venda").click()
    expect(agent.get_by_text("529.982.247-25")).to_be_visible()
    agent.get_by_label("Etapa").select_option(label="Contatado")
    agent.get_by_label("Responsável").select_option(label="Bruno Castro")
    agent.get_by_role("button", name="Salvar").click()
    expect(agent.locator(".notice.success")).to_contain_text("Lead atualizado")
    expect(agent.locator(".page-head .badge")).to_have_text("Contatado")
    shot(agent, "lead")


def tap_first(page: Page) -> None:
    last = page.locator("#chat .bubble-left").last.locator(".tap").first
    opens_a_sheet = last.get_attribute("data-sheet") is not None
    last.click()
    if opens_a_sheet:
        page.locator("#sheet .sheet-row").first.click()


@pytest.mark.complains
def test_a_lost_connection_is_told_and_comes_back(agent):
    agent.context.set_offline(True)
    expect(agent.get_by_text("Sem conexão com o servidor")).to_be_visible(timeout=LIVE)
    agent.context.set_offline(False)

    expect(agent.get_by_text("Sem conexão com o servidor")).to_be_hidden(timeout=LIVE)


def test_a_session_that_ended_leads_to_the_login(agent):
    agent.context.clear_cookies()

    agent.wait_for_url("**/panel/login?next=/panel/sessoes", timeout=LIVE)


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("main *, header *")) {
    const isWord = (node) => node.nodeType === 3 && node.textContent.trim();
    if (![...element.childNodes].some(isWord) || !element.checkVisibility()) continue;
    if (element.closest("[hidden], .visually-hidden, option")) continue;
    const text = light(rgb(getComputedStyle(element).color));
    const [a, b] = [text, light(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) {
      poor.push(`${element.className}: ${element.textContent.trim().slice(0, 30)}`);
    }
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_page_fits_and_can_be_read(open_window, customer, size, scheme):
    ask_for_a_human(customer, f"Leitora {scheme} {size['width']}")
    page = log_in(open_window(size, color_scheme=scheme))
    page.goto("/panel/sessoes?filtro=aguardando")
    session = page.locator("a.row").first.get_attribute("href")
    for name, path in {
        "sessoes": "/panel/sessoes",
        "conversa": session,
        "chamados": "/panel/chamados",
        "leads": "/panel/leads",
        "simulador": "/panel/simulador",
    }.items():
        page.goto(str(path))
        page.wait_for_load_state("networkidle")
        shot(page, f"{scheme}-{name}")
        assert (name, overflow(page), page.evaluate(CONTRAST)) == (name, 0, [])


def test_the_keyboard_reaches_everything_and_shows_where_it_is(agent):
    agent.keyboard.press("Tab")
    expect(agent.get_by_role("link", name="Pular para o conteúdo")).to_be_focused()
    agent.keyboard.press("Enter")
    agent.keyboard.press("Tab")

    tab = agent.locator("#tab-todas")
    expect(tab).to_be_focused()
    assert tab.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_menus_open_one_at_a_time_and_close_by_escape(open_window, size):
    page = log_in(open_window(size))
    knowledge = page.locator("#menu-conhecimento")
    admin = page.locator("#menu-administracao")
    knowledge.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Perguntas sem resposta")).to_be_visible()

    admin.locator("summary").click()
    expect(knowledge).not_to_have_attribute("open", "")
    assert overflow(page) == 0
    page.keyboard.press("Escape")
    expect(admin).not_to_have_attribute("open", "")
    expect(admin.locator("summary")).to_be_focused()


def test_on_a_phone_a_late_warning_is_as_wide_as_its_row(open_window, customer):
    ask_for_a_human(customer, "Tereza Tarde")
    page = log_in(open_window(NARROW))
    page.goto("/panel/sessoes?filtro=aguardando")
    page.evaluate(
        """() => {
            const warning = document.createElement("span");
            warning.className = "row-warning";
            warning.textContent = "Ninguém assumiu esta conversa ainda";
            document.querySelector(".row-waiting .row-main").append(warning);
        }"""
    )

    box = page.locator(".row-warning").bounding_box()

    assert box is not None
    assert box["width"] > 200
