"""Webhooks in the panel: made, stopped, looked at, sent again, by admins alone."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from gatte.extensions import db
from gatte.models import LoginSession, WebhookDelivery, WebhookDeliveryState, WebhookSubscription

FORM = {"endereco": "https://erp.example/gatte", "aviso": "lead.created"}


def newest(app):
    found = select(WebhookSubscription).order_by(WebhookSubscription.id.desc()).limit(1)
    with app.app_context():
        return db.session.scalars(found).one()


def made(admin):
    admin.get("/panel/webhooks")
    return admin.post("/panel/webhooks", **FORM)


def test_a_secret_is_shown_once_and_the_webhook_is_told_of_what_was_chosen(app, log_in, desk):
    admin = log_in("chefe")
    secret = re.search(r'id="secret"[^>]*>(whsec_[\w+/=]+)<', made(admin).text)[1]
    lead = desk.lead()
    page = admin.get(f"/panel/webhooks/{newest(app).id}")

    assert secret not in admin.get("/panel/webhooks").text
    assert newest(app).event_types == ["lead.created"]
    assert f"lead:{lead}" in page.text
    assert "A caminho" in page.text


def test_what_was_given_up_is_listed_and_sent_again(app, log_in, desk):
    admin = log_in("chefe")
    made(admin)
    place = f"/panel/webhooks/{newest(app).id}"
    desk.lead()
    with app.app_context():
        dead = update(WebhookDelivery).values(
            state=WebhookDeliveryState.DEAD_LETTER, last_error="HTTP 500"
        )
        db.session.execute(dead)
        db.session.commit()
    listed = admin.get(f"{place}?ver=nao-entregues")
    admin.post(f"{place}/reenviar")

    assert "HTTP 500" in listed.text
    assert "1 aviso não chegou" in listed.text
    with app.app_context():
        mine = select(WebhookDelivery).filter_by(subscription_id=newest(app).id)
        assert [row.state for row in db.session.scalars(mine)] == ["pending"]


def test_a_webhook_is_switched_off_and_on(app, log_in):
    admin = log_in("chefe")
    made(admin)
    place = f"/panel/webhooks/{newest(app).id}"

    states = []
    for wanted in ("nao", "sim"):
        admin.get(place)
        admin.post(f"{place}/situacao", ativo=wanted)
        states.append(newest(app).active)
    assert states == [False, True]


def test_an_address_or_form_that_does_not_do_is_shown_again(log_in):
    admin = log_in("chefe")
    admin.get("/panel/webhooks")
    for form in ({"endereco": "ftp://a.example"}, {"aviso": []}):
        answer = admin.post("/panel/webhooks", **(FORM | form))
        assert answer.status_code == 422
        assert "Confira o endereço" in answer.text


def test_a_password_typed_long_ago_is_asked_for_again(app, log_in):
    admin = log_in("chefe")
    with app.app_context():
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        db.session.execute(update(LoginSession).values(authenticated_at=long_ago))
        db.session.commit()

    for page in ("/panel/webhooks", "/panel/tokens"):
        assert "/panel/conta/confirmar" in (admin.get(page).location or ""), page
    for form in ("/panel/webhooks", "/panel/tokens"):
        assert admin.post(form, **FORM).status_code == 303
