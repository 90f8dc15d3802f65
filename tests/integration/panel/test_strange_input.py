"""Whatever stands in an address or a form, the panel answers below 500."""

import base64
import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatte.conversation.company_facts import KEYS
from gatte.web.panel import fact_forms
from gatte.web.panel.auth import PUBLIC_ENDPOINTS

NOWHERE = "01890000-0000-7000-8000-000000000000"
SKIPPED = {"panel.log_out"}  # it would end the session of all that follows
NAMES = [
    "filtro", "depois", "meus", "busca", "achar", "antes", "cliente", "estado", "next", "texto",
    "rascunho", "nota", "situacao", "responsavel", "etapa", "versao", "de", "para", "motivo",
    "horas", "anexo", "escolha", "resposta", "nome", "email", "password",
]  # fmt: skip


def cursor(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


STRANGE = [
    "", " ", "0", "-1", "1" * 5000, "9" * 19, str(2**63), str(2**31), "1e400", "NaN", "\x00",
    "a\x00b", "\ud800", "٣", "²", "x" * 20_000, "null", "[]", "{}", "%", "'", "\\", "//[",
    "http://[::1", "/panel/\x00", "../..", "\u202e", "\r\nX: y", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", NOWHERE, "{" + NOWHERE + "}", "٣" * 32,
    cursor("0001-01-01T00:00:00+14:00", NOWHERE), cursor("0001-01-01T00:00:00-14:00", NOWHERE),
    cursor("9999-12-31T23:59:59-14:00", NOWHERE), cursor("0001-01-01T00:00:00+00:00", 1),
    cursor("2026-01-01T00:00:00+00:00", "9" * 5000), cursor("2026-01-01T00:00:00+00:00", "9" * 300),
    cursor(10**400, NOWHERE), cursor("2026-01-01T00:00:00+00:00", -1), cursor("\ud800", "\x00"),
    cursor("9" * 400, "0001-01-01T00:00:00+14:00", NOWHERE),
    cursor("1", "2026-01-01T00:00:00+00:00", NOWHERE), cursor("-1", "x", NOWHERE),
    cursor("\x00"), cursor("\ud800"), cursor(None, None), cursor([[]], {}),
    cursor("2026-01-01T00:00:00+23:59", NOWHERE),
    cursor("2026-01-01T00:00:00+00:00:00.000001", 1), cursor("0001-01-01T00:00:00+23:59", 1),
    base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(), "====",
]  # fmt: skip


@pytest.fixture(scope="module")
def addresses(app):
    """Every address of the panel with its method and names of its ids."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("panel.") and rule.endpoint not in SKIPPED
    ]
    return sorted(
        {
            (method, rule.rule, rule.endpoint)
            for rule in rules
            for method in rule.methods & {"GET", "POST"}
        }
    )


@pytest.fixture
def admin(log_in):
    return log_in("chefe")


@pytest.fixture
def ids(desk, users):
    """Rows that are there, by the name of their id in an address."""
    conversation = desk.with_agent(users["chefe"])
    return {"conversation_id": conversation, "ticket_id": desk.ticket(), "lead_id": desk.lead()}


def answer(browser, method, rule, ids, values):
    path = re.sub(r"<[^>]*?(\w+)>", lambda found: str(ids.get(found[1], "1")), rule)
    clean = {name: value.encode("utf-8", "surrogatepass") for name, value in values.items()}
    if method == "GET":
        return browser.client.get(path, query_string=clean)
    return browser.client.post(
        path, data={"csrf_token": browser.token, **clean}, query_string=clean
    )


@pytest.mark.parametrize("value", STRANGE, ids=itertools.count())
def test_one_strange_value_everywhere(admin, addresses, ids, value):
    for method, rule, endpoint in addresses:
        if endpoint in PUBLIC_ENDPOINTS and method == "POST":
            continue
        got = answer(admin, method, rule, ids, dict.fromkeys(NAMES, value))
        assert (rule, got.status_code < 500) == (rule, True)


ALONE = [
    "/panel/sessoes?depois=", "/panel/sessoes?filtro=aguardando&depois=",
    "/panel/sessoes?filtro=encerradas&depois=", "/panel/sessoes?filtro=", "/panel/sessoes?achar=",
    "/panel/sessoes?achar=ana&depois=", "/panel/chamados?depois=", "/panel/chamados?meus=",
    "/panel/leads?depois=", "/panel/simulador?cliente=", "/panel/mapa?estado=", "/panel/base?q=",
    "/panel/base?lista=", "/panel/base?depois=", "/panel/base/novo?grupo=",
    "/panel/base/novo?mensagem=", "/panel/certificados?depois=", "/panel/agenda?dia=",
    "/panel/agenda?vista=semana&dia=", "/panel/indicadores?de=", "/panel/indicadores?ate=",
    "/panel/perguntas?lista=", "/panel/empresa?tipo=",
]  # fmt: skip


@pytest.mark.parametrize("address", ALONE)
def test_one_strange_value_alone_in_an_address(admin, address):
    path, _, query = address.partition("?")
    given, name = dict(pair.split("=") for pair in query.split("&")), query.split("&")[-1][:-1]
    for value in STRANGE:
        got = answer(admin, "GET", path, {}, given | {name: value})
        assert (value[:60], got.status_code < 500) == (value[:60], True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from(NAMES), st.one_of(st.sampled_from(STRANGE), st.text(max_size=60))
    ),
    pick=st.integers(0, 10_000),
)
def test_strange_values_together(admin, addresses, ids, values, pick):
    method, rule, endpoint = addresses[pick % len(addresses)]
    if endpoint not in PUBLIC_ENDPOINTS:
        assert answer(admin, method, rule, ids, values).status_code < 500


VALID = {
    "change_ticket": {"situacao": "open", "responsavel": "", "versao": "1"},
    "change_lead": {"etapa": "new", "responsavel": "", "versao": "1"},
    "reassign": {"de": "1", "para": "1"},
    "mute": {"motivo": "abuse", "horas": "1"},
    "note_ticket": {"nota": "oi", "rascunho": NOWHERE},
    "reply": {"texto": "oi", "rascunho": NOWHERE},
}


@pytest.mark.parametrize(
    ("view", "field"), [(view, field) for view, fields in VALID.items() for field in fields]
)
def test_one_strange_value_among_good_ones(admin, addresses, ids, view, field):
    method, rule, _ = next(place for place in addresses if place[2] == f"panel.{view}")
    for value in STRANGE:
        got = answer(admin, method, rule, ids, VALID[view] | {field: value})
        assert (value[:40], got.status_code < 500) == (value[:40], True)


FORMS = {
    "add_article": {
        "titulo": "Token", "pergunta": "O token?", "resposta": "Sim, vale.", "curta": "Sim",
        "assunto": "faq", "fonte": "site", "de": "2026-01-01", "ate": "2026-12-31",
        "jeitos": "um\ndois", "dono": "", "grupo": "",
    },
    "book_appointment": {"dia": "2026-11-30", "hora": "10:00", "tipo": "", "nota": "oi"},
    "add_certificate": {
        "tipo": "e-CPF A1", "titular": "Ana", "documento": "52998224725", "emissor": "AC",
        "validade": "01/12/2027", "emissao": "01/12/2026", "serie": "1",
    },
    "create_token": {"nome": "ERP", "prazo": "30", "permissao": "contacts:read", "pessoa": "1"},
    "create_webhook": {"endereco": "https://example.com/avisos", "aviso": "message.received"},
    "start_trial": {"pergunta": "oi", "rascunhos": "1"},
    "change_password": {"atual": "uma senha", "nova": "outra senha boa", "repetida": "x"},
    "confirm_second_factor": {"codigo": "123456"},
}  # fmt: skip
FACTS = [
    {
        "tipo": kind.value, "chave": KEYS.get(kind, ("main",))[0], "fonte": "site", "de": "",
        "ate": "", **dict.fromkeys([field.name for field in fields], "1"),
    }
    for kind, fields in fact_forms.FIELDS.items()
]  # fmt: skip
NASTY = [
    "", "1" * 5000, "1e400", "a\x00b", "\ud800", "x" * 20_000, "0001-01-01", "9999-12-31", "24:00",
]  # fmt: skip


@pytest.mark.parametrize(
    ("view", "good"),
    [*FORMS.items(), *(("add_fact", fact) for fact in FACTS)],
    ids=itertools.count(),
)
def test_one_strange_value_in_a_form_that_makes_something(admin, addresses, ids, view, good):
    method, rule, _ = next(one for one in addresses if one[::2] == ("POST", f"panel.{view}"))
    for field in good:
        for value in NASTY:
            got = answer(admin, method, rule, ids, good | {field: value})
            assert (field, value[:40], got.status_code < 500) == (field, value[:40], True)


@pytest.mark.parametrize("part", ["%00", "a%00b", "%ED%A0%80", "1" * 5000, "9" * 30, "%E2%80%AE"])
def test_one_strange_value_in_a_path(admin, addresses, part):
    own_words = [
        (method, rule, found)
        for method, rule, _ in addresses
        if (found := re.search(r"<(int:)?\w+>", rule))
    ]
    assert own_words
    for method, rule, found in own_words:
        path = rule.replace(found[0], part)
        sent = {"csrf_token": admin.token} if method == "POST" else None
        got = admin.client.open(path, method=method, data=sent)
        assert (rule, got.status_code < 500) == (rule, True)


PANEL = Path(fact_forms.__file__).parent
FIELD = re.compile(
    r'(?:<(?:input|select|textarea)\b[^>]*?\bname="'
    r'|(?:args|form|values)\.get(?:list)?\("|form_(?:enum|text|user)\(")(\w+)"'
)
COMPARED = {
    "aceita", "arquivo", "artigo", "ativo", "confirmacao", "csrf_token", "etapa_antes", "formato",
    "leitura", "mensagem", "papel", "publicar", "responsavel_antes", "situacao_antes",
    "transcricao", "valor", "ver", "voltar",
}  # fmt: skip
"""Fields of forms about rows that are not made here: compared with what is known, or plain text."""


def test_every_field_of_the_panel_is_given_strange_values():
    files = [*PANEL.glob("*.py"), *(PANEL.parents[1] / "templates").rglob("*.html")]
    there = {name for file in files for name in FIELD.findall(file.read_text())}
    given = {name for form in (*VALID.values(), *FORMS.values(), *FACTS) for name in form}
    in_addresses = {name for address in ALONE for name in re.findall(r"(\w+)=", address)}

    assert there - {*NAMES, *given, *in_addresses, *COMPARED} == set()


@pytest.mark.parametrize("address", ["//[", "http://[::1", "\x00", "http://x/panel/\ud800"])
def test_a_strange_address_of_the_page_leads_to_the_login(browser, address):
    headers = {
        "HX-Request": "true",
        "HX-Current-URL": address.encode("utf-8", "surrogatepass").decode("latin-1"),
    }

    assert browser.client.get("/panel/sessoes", headers=headers).status_code == 401
    assert browser.client.post("/panel/sessoes", headers=headers).status_code < 500


@pytest.mark.parametrize("value", STRANGE, ids=itertools.count())
def test_a_login_with_strange_values(browser, value):
    browser.get("/panel/login")
    fields = dict.fromkeys(("email", "password", "next"), value.encode("utf-8", "surrogatepass"))

    got = browser.client.post("/panel/login", data={"csrf_token": browser.token, **fields})
    assert got.status_code < 500
