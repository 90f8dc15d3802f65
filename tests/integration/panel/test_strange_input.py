"""Whatever stands in an address or a form, the panel answers below 500."""

import base64
import itertools
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    cursor(None, None), cursor([[]], {}), cursor("2026-01-01T00:00:00+23:59", NOWHERE),
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
    "/panel/leads?depois=", "/panel/simulador?cliente=", "/panel/mapa?estado=",
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
