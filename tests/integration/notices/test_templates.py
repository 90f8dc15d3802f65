"""Templates as Meta lists them, and notices over the Cloud API."""

import pytest

from gatte.extensions import db
from gatte.jobs import cron
from gatte.jobs.definitions import deliver
from gatte.models import NoticePurpose, Outbox, TemplateState
from gatte.notices import template_choice, template_sync
from gatte.store import message_templates
from gatte.whatsapp.simulated_templates import APPOINTMENT, EXPIRED, EXPIRING
from tests.app_fixture import application
from tests.fakes.meta import FakeMeta
from tests.integration.notices.conftest import NOW, certificate
from tests.integration.notices.many_certificates import run_at
from tests.integration.notices.test_who_is_reminded import due_now, outbox_rows

TOKEN = "meta-token-of-the-tests"
ACCOUNT = "102290129340398"


@pytest.fixture(scope="module")
def meta():
    with FakeMeta(TOKEN) as fake:
        yield fake


@pytest.fixture(scope="module")
def app(database_url, redis_url, meta):
    given = {
        "whatsapp_access_token": TOKEN,
        "whatsapp_api_base_url": meta.url,
        "whatsapp_phone_number_id": "106540352242922",
        "whatsapp_business_account_id": ACCOUNT,
    }
    with application(database_url, redis_url, **given) as made:
        yield made
        made.extensions["gatte_cloud"].close()


def listed(name, body, category="UTILITY", status="APPROVED", **more):
    components = [{"type": "BODY", "text": body}, *more.pop("components", [])]
    row = {"name": name, "language": "pt_BR", "category": category, "status": status}
    return {**row, "components": components, **more}


def sync(meta, *templates):
    meta.graph.templates = list(templates)
    number = template_choice.notice_number()
    done = template_sync.store(number, template_sync.fetch(number))
    db.session.commit()
    return done


def choose(purpose=NoticePurpose.CERTIFICATE_EXPIRING):
    return template_choice.choose(purpose, template_choice.notice_number())


def found(name):
    return message_templates.find_template(ACCOUNT, name, "pt_BR")


def test_all_pages_are_read_and_what_is_gone_is_marked(context, meta):
    many = [listed(f"t{number}", "oi") for number in range(120)]

    assert sync(meta, *many).listed == 120
    assert sync(meta, *many[:100]).deleted == 20
    assert found("t119").state is TemplateState.DELETED
    assert sync(meta, *many).deleted == 0
    assert found("t119").state is TemplateState.APPROVED


def test_unknown_words_of_meta_break_nothing(context, meta):
    strange = listed("novo", "oi", category="GENERAL_AI", status="IN_APPEAL")

    done = sync(meta, strange, {"name": 3}, {"language": "pt_BR"}, "nada", None)

    assert (done.listed, found("novo").state, found("novo").category) == (1, "other", "other")


def test_a_purpose_without_a_template_is_refused_with_what_to_do(context, meta):
    sync(meta, listed("outro", "oi"))

    with pytest.raises(template_choice.NoApprovedTemplate, match="flask templates use"):
        choose()
    certificate(7)
    problems = [step.problem for step in cron.reminder_run.queue_due(NOW) if step.problem]
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "PAUSED"}, "não está aprovado"),
        ({"body": "Olá, {{1}}!"}, "tem 1 variáveis e precisa destas 4"),
        ({"category": "AUTHENTICATION"}, "autenticação"),
        (
            {"components": [{"type": "HEADER", "format": "IMAGE"}]},
            "fora do texto",
        ),
    ],
)
def test_a_template_that_cannot_serve_is_refused(context, meta, change, words):
    sync(meta, listed("vence", **{"body": EXPIRING, **change}))

    with pytest.raises(template_choice.NoApprovedTemplate, match=words):
        template_choice.assign(NoticePurpose.CERTIFICATE_EXPIRING, "vence", "pt_BR")


def test_one_that_is_paused_later_serves_no_more(context, meta):
    sync(meta, listed("vence", EXPIRING))
    template_choice.assign(NoticePurpose.CERTIFICATE_EXPIRING, "vence", "pt_BR")
    sync(meta, listed("vence", EXPIRING, status="PAUSED"))

    with pytest.raises(template_choice.NoApprovedTemplate, match="não está aprovado"):
        choose()


def standard(meta, expiring):
    replies = [{"type": "QUICK_REPLY", "text": words} for words in ("Agora não", "Quero renovar")]
    buttons = {"type": "BUTTONS", "buttons": replies}
    sync(
        meta,
        listed("certificado_vencendo", expiring, components=[buttons]),
        listed("certificado_vencido", EXPIRED),
        listed("lembrete_atendimento", APPOINTMENT),
    )
    template_choice.assign(NoticePurpose.CERTIFICATE_EXPIRING, "certificado_vencendo", "pt_BR")


@pytest.mark.parametrize("named", [False, True])
def test_meta_gets_the_values_in_the_places_of_the_template(context, meta, named):
    body = "{{prazo}}, {{data}}: {{certificado}} de {{nome}}" if named else EXPIRING
    standard(meta, body)
    certificate(7)
    run_at(NOW)
    row = outbox_rows()[0]
    due_now(row)

    deliver(str(row.conversation_id))

    sent = meta.messages[-1]["body"]["template"]
    values = [
        (one.get("parameter_name"), one["text"]) for one in sent["components"][0]["parameters"]
    ]
    if named:
        assert values[:2] == [("prazo", "em 7 dias"), ("data", "17/05/2018")]
    else:
        assert [text for _, text in values] == [
            "Joana",
            "e-CNPJ A1 de Empresa 0",
            "17/05/2018",
            "em 7 dias",
        ]
    payloads = [one["parameters"][0]["payload"] for one in sent["components"][1:]]
    assert payloads == ["Agora não", "menu:renew"]
    assert db.session.get(Outbox, row.id, populate_existing=True).state == "accepted"


def test_without_the_number_in_the_settings_nothing_is_queued(database_url, redis_url, meta):
    given = {"whatsapp_access_token": TOKEN, "whatsapp_api_base_url": meta.url}
    with application(database_url, redis_url, **given) as made, made.app_context():
        steps = list(cron.reminder_run.queue_due(NOW))

    assert [step.problem for step in steps] == [
        "Defina WHATSAPP_PHONE_NUMBER_ID e WHATSAPP_BUSINESS_ACCOUNT_ID: sem eles nenhum aviso sai."
    ]
