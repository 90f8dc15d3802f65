"""Tokens of the API, made by an admin in the panel and by the command."""

import re

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import ApiToken

FORM = {"nome": "ERP da loja", "prazo": "90", "permissao": "tickets:read"}


def newest(app):
    with app.app_context():
        return db.session.scalars(select(ApiToken).order_by(ApiToken.id.desc()).limit(1)).first()


def test_an_admin_makes_a_token_that_is_shown_once_and_works(app, log_in, users):
    admin = log_in("chefe")
    admin.get("/panel/tokens")
    made = admin.post("/panel/tokens", **FORM, pessoa=str(users["ana"]))
    secret = re.search(r'id="issued">(gatte_[\w-]+)<', made.text)[1]
    headers = {"Authorization": f"Bearer {secret}"}

    assert app.test_client().get("/api/v1/tickets", headers=headers).status_code == 200
    assert app.test_client().get("/api/v1/leads", headers=headers).status_code == 403
    assert secret not in admin.get("/panel/tokens").text
    token = newest(app)
    assert (token.user_id, token.created_by_id) == (users["ana"], users["chefe"])


def test_a_revoked_token_opens_nothing(app, log_in, users):
    admin = log_in("chefe")
    admin.get("/panel/tokens")
    made = admin.post("/panel/tokens", **FORM, pessoa=str(users["ana"]))
    secret = re.search(r'id="issued">(gatte_[\w-]+)<', made.text)[1]
    admin.get("/panel/tokens")
    revoked = admin.post(f"/panel/tokens/{newest(app).id}/revogar")

    assert revoked.status_code == 303
    headers = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().get("/api/v1/tickets", headers=headers).status_code == 401
    assert admin.post(f"/panel/tokens/{newest(app).id}/revogar").status_code == 404


def test_a_form_without_a_scope_is_shown_again_with_what_was_written(app, log_in, users):
    admin = log_in("chefe")
    admin.get("/panel/tokens")
    answer = admin.post("/panel/tokens", nome="ERP", prazo="0", pessoa=str(users["ana"]))

    assert answer.status_code == 422
    assert "marque ao menos uma permissão" in answer.text
    assert 'value="ERP"' in answer.text


def test_agents_have_no_tokens_page(app, agent):
    assert agent.get("/panel/tokens").status_code == 403
    assert agent.post("/panel/tokens", **FORM, pessoa="1").status_code == 403
    assert "Tokens da API" not in agent.get("/panel/sessoes").text


def test_the_command_makes_lists_and_revokes_tokens(app, users):
    run = app.test_cli_runner().invoke
    email = "ana@empresa.example"
    made = run(args=["tokens", "create", "ERP", "--user", email, "--scope", "leads:read"])
    listed = run(args=["tokens", "list"])
    revoked = run(args=["tokens", "revoke", str(newest(app).id)])
    again = run(args=["tokens", "revoke", str(newest(app).id)])
    unknown = run(args=["tokens", "create", "ERP", "--user", email, "--scope", "leads:eat"])

    [token] = [line for line in made.output.splitlines() if line.startswith("gatte_")]
    assert token not in listed.output
    assert email in listed.output
    assert (revoked.exit_code, again.exit_code, unknown.exit_code) == (0, 1, 1)
    assert "leads:read" in unknown.output
