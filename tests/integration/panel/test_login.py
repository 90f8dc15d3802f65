import pytest

from gatte.desk import users as people
from gatte.extensions import db
from gatte.models import User
from tests.integration.panel.conftest import PASSWORD


def test_a_login_leads_to_the_sessions(browser, users):
    answer = browser.log_in("Ana@Empresa.example ")

    assert (answer.status_code, answer.location) == (303, "/panel/sessoes")
    assert "Ana Ribeiro" in browser.get("/panel/sessoes").text


@pytest.mark.parametrize(
    ("email", "password"),
    [("ana@empresa.example", "errada errada"), ("ninguem@empresa.example", PASSWORD)],
)
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(browser, users, email, password):
    answer = browser.log_in(email, password)

    assert answer.status_code == 401
    assert "E-mail ou senha incorretos" in answer.text


def test_a_user_who_was_switched_off_is_out_at_once(app, log_in):
    agent = log_in("bruno")
    set_active(app, "bruno@empresa.example", active=False)
    try:
        assert agent.get("/panel/sessoes").status_code == 302
        assert agent.log_in("bruno@empresa.example").status_code == 401
    finally:
        set_active(app, "bruno@empresa.example", active=True)


def set_active(app, email, *, active):
    with app.app_context():
        db.session.query(User).filter_by(email=email).update({"active": active})
        db.session.commit()


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/panel/chamados?filtro=abertos", "/panel/chamados?filtro=abertos"),
        ("https://evil.example/panel/", "/panel/sessoes"),
        ("//evil.example/panel/", "/panel/sessoes"),
        ("/\\evil.example/panel/", "/panel/sessoes"),
        ("/panel/login", "/panel/sessoes"),
        ("/elsewhere", "/panel/sessoes"),
        ("/panel/\r\nX: y", "/panel/sessoes"),
    ],
)
def test_a_login_leads_on_only_within_the_panel(browser, users, wanted, led_to):
    assert browser.log_in("ana@empresa.example", next=wanted).location == led_to


def test_guessing_passwords_is_slowed_down(browser, users):
    answers = [browser.log_in("ana@empresa.example", "errada errada").status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


def test_logging_out_ends_the_session(agent):
    assert agent.post("/panel/logout").status_code == 303
    assert agent.get("/panel/sessoes").status_code == 302


def test_a_login_by_a_get_does_nothing(browser, users):
    browser.get(f"/panel/login?email=ana@empresa.example&password={PASSWORD}")

    assert browser.get("/panel/sessoes").status_code == 302


def test_passwords_are_kept_as_argon2id_hashes(app, users):
    with app.app_context():
        stored = people.find_user("ana@empresa.example").password_hash

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_user_needs_an_e_mail_of_its_own_and_a_long_password(app, users):
    with app.app_context():
        with pytest.raises(people.EmailTaken):
            people.create_user("ANA@empresa.example", "Outra", PASSWORD)
        with pytest.raises(people.WeakPassword):
            people.create_user("nova@empresa.example", "Nova", "curta")
