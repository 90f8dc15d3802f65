"""A login is a row of the database: it ends when it is ended, whatever a browser still holds."""

import pytest
from sqlalchemy import text

from gatte.desk import users as people
from gatte.extensions import db
from gatte.models import LoginSession, LoginSessionEnd, Role
from tests.integration.panel.conftest import PASSWORD, Browser, forget_attempts

ANA, BRUNO, CHEFE = (f"{name}@empresa.example" for name in ("ana", "bruno", "chefe"))
CHOSEN = "uma frase que só eu conheço"


def copied(browser):
    """Another browser with a copy of this one's cookie."""
    thief = Browser(browser.client.application.test_client())
    cookie = browser.client.get_cookie("gatte")
    thief.client.set_cookie("gatte", cookie.value)
    return thief


def is_in(browser):
    return browser.get("/panel/sessoes").status_code == 200


def execute(app, statement, **values):
    with app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


@pytest.fixture
def no_old_logins(app, users) -> None:
    execute(app, "DELETE FROM login_session")


def sessions_of(app, user_id):
    with app.app_context():
        query = db.select(LoginSession).filter_by(user_id=user_id).order_by(LoginSession.id)
        return list(db.session.scalars(query))


def test_a_copied_cookie_is_refused_after_the_logout(agent):
    thief = copied(agent)
    assert is_in(thief)

    agent.post("/panel/logout")

    assert not is_in(thief)


@pytest.mark.parametrize(
    ("change", "back"),
    [
        (
            lambda user: people.change_role(user, Role.ADMIN),
            lambda user: people.change_role(user, Role.AGENT),
        ),
        (people.disable, people.enable),
        (
            lambda user: people.set_password(user, CHOSEN),
            lambda user: people.set_password(user, PASSWORD),
        ),
    ],
    ids=["role", "disabled", "password"],
)
def test_a_copied_cookie_is_refused_after_a_change_of_the_account(app, log_in, change, back):
    agent = log_in("bruno")
    thief = copied(agent)
    with app.app_context():
        change(people.get_user(BRUNO))
        db.session.commit()

    assert not is_in(thief)
    assert not is_in(agent)
    with app.app_context():
        back(people.get_user(BRUNO))
        db.session.commit()
    assert not is_in(thief)


def test_a_cookie_that_names_no_session_logs_nobody_in(app, agent):
    with agent.client.session_transaction() as cookie:
        cookie["login"] = "1"
        cookie["_user_id"] = "1"

    assert not is_in(agent)


@pytest.mark.usefixtures("no_old_logins")
def test_a_login_ends_after_its_longest_time_though_it_is_used(app, log_in):
    agent = log_in("ana")
    execute(app, "UPDATE login_session SET created_at = now() - interval '13 hours'")

    assert not is_in(agent)


@pytest.mark.usefixtures("no_old_logins")
def test_a_login_that_nobody_uses_ends_and_polls_do_not_keep_it(app, log_in):
    agent = log_in("ana")
    execute(app, "UPDATE login_session SET last_seen_at = now() - interval '119 minutes'")

    assert agent.poll("/panel/sessoes").status_code in {200, 204}
    execute(app, "UPDATE login_session SET last_seen_at = last_seen_at - interval '2 minutes'")
    assert agent.poll("/panel/sessoes").status_code == 401


@pytest.mark.usefixtures("no_old_logins")
def test_a_page_that_a_person_opens_keeps_the_login_and_is_noted_once_a_minute(app, log_in, users):
    agent = log_in("ana")
    execute(app, "UPDATE login_session SET last_seen_at = now() - interval '100 minutes'")
    agent.get("/panel/chamados")
    [first] = sessions_of(app, users["ana"])
    agent.get("/panel/chamados")
    [second] = sessions_of(app, users["ana"])

    assert (second.last_seen_at - second.created_at).total_seconds() > -60
    assert second.last_seen_at == first.last_seen_at


@pytest.mark.usefixtures("no_old_logins")
def test_one_sees_ones_logins_and_ends_another_but_not_those_of_others(app, log_in, users):
    here = log_in("ana")
    there = log_in("ana")
    stranger = log_in("bruno")
    mine, other = sessions_of(app, users["ana"])
    page = here.get("/panel/conta").text
    assert page.count("Encerrar</button>") == 1
    assert str(other.id) in page
    stranger.get("/panel/conta")
    assert stranger.post(f"/panel/conta/acessos/{other.id}").status_code == 404

    assert here.post(f"/panel/conta/acessos/{other.id}").status_code == 303

    assert is_in(here)
    assert not is_in(there)
    ended = sessions_of(app, users["ana"])[1]
    assert ended.end_reason is LoginSessionEnd.ENDED_BY_USER
    assert mine.ended_at is None


def test_an_admin_logs_a_person_out_everywhere(log_in, users):
    agent = log_in("bruno")
    admin = log_in("chefe")
    admin.get("/panel/pessoas")

    assert admin.post(f"/panel/pessoas/{users['bruno']}/encerrar").status_code == 303

    assert not is_in(agent)


def test_a_change_of_accounts_asks_for_a_login_of_a_short_time_ago(app, log_in, users):
    admin = log_in("chefe")
    execute(app, "UPDATE login_session SET authenticated_at = now() - interval '16 minutes'")
    admin.get("/panel/pessoas")

    asked = admin.post(f"/panel/pessoas/{users['bruno']}/papel", papel="admin")
    assert asked.location == "/panel/conta/confirmar?next=/panel/pessoas"
    with app.app_context():
        assert people.get_user(BRUNO).role is Role.AGENT

    admin.get(asked.location)
    wrong = admin.post("/panel/conta/confirmar", password="errada errada", next="/panel/pessoas")
    assert wrong.status_code == 422
    right = admin.post("/panel/conta/confirmar", password=PASSWORD, next="/panel/pessoas")
    assert (right.status_code, right.location) == (303, "/panel/pessoas")
    changed = admin.post(f"/panel/pessoas/{users['bruno']}/papel", papel="admin")
    assert changed.location == "/panel/pessoas"
    with app.app_context():
        assert people.get_user(BRUNO).role is Role.ADMIN
    admin.post(f"/panel/pessoas/{users['bruno']}/papel", papel="agent")


def test_the_last_admin_stays(app, log_in, users):
    admin = log_in("chefe")
    admin.get("/panel/pessoas")

    admin.post(f"/panel/pessoas/{users['chefe']}/desativar")

    assert "última conta de administração" in admin.get("/panel/pessoas").text


def test_a_password_that_somebody_else_chose_is_changed_at_the_first_login(app, browser):
    app.test_cli_runner().invoke(
        args=["users", "create", "nova@empresa.example", "--name", "Nova"], input=f"{PASSWORD}\n"
    )
    browser.log_in("nova@empresa.example")

    assert browser.get("/panel/sessoes").location == "/panel/conta/senha"
    assert browser.poll("/panel/chamados").headers["HX-Redirect"] == "/panel/conta/senha"
    page = browser.get("/panel/conta/senha").text
    assert "escolhida por outra pessoa" in page
    for fields, says in (
        ({"atual": "errada errada", "nova": CHOSEN, "repetida": CHOSEN}, "não confere"),
        ({"atual": PASSWORD, "nova": CHOSEN, "repetida": PASSWORD}, "são diferentes"),
        ({"atual": PASSWORD, "nova": PASSWORD, "repetida": PASSWORD}, "igual à atual"),
        ({"atual": PASSWORD, "nova": "curta", "repetida": "curta"}, "precisa ter de 10"),
    ):
        refused = browser.post("/panel/conta/senha", **fields)
        assert (refused.status_code, says in refused.text) == (422, True)
    done = browser.post("/panel/conta/senha", atual=PASSWORD, nova=CHOSEN, repetida=CHOSEN)

    assert done.location == "/panel/sessoes"
    assert is_in(browser)


def test_ones_own_new_password_ends_the_other_logins_and_keeps_this_one(app, log_in):
    here = log_in("ana")
    there = log_in("ana")
    here.get("/panel/conta/senha")

    here.post("/panel/conta/senha", atual=PASSWORD, nova=CHOSEN, repetida=CHOSEN)

    assert is_in(here)
    assert not is_in(there)
    with app.app_context():
        people.set_password(people.get_user(ANA), PASSWORD)
        db.session.commit()


def test_guessing_the_password_within_a_session_is_slowed_down(app, agent):
    forget_attempts(app)
    agent.get("/panel/conta/confirmar")
    answers = [
        agent.post("/panel/conta/confirmar", password="errada errada").status_code for _ in range(6)
    ]

    assert answers == [422] * 5 + [429]
    forget_attempts(app)


@pytest.mark.usefixtures("no_old_logins")
def test_the_browser_is_kept_as_two_words(app, users, browser):
    browser.get("/panel/login")
    browser.post(
        "/panel/login",
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"},
        email=ANA,
        password=PASSWORD,
    )

    assert [one.browser for one in sessions_of(app, users["ana"])] == ["Firefox, Linux"]
