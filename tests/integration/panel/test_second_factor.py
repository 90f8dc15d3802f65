"""The second step of a login: set up, asked for, used once, lost and taken away."""

import re
import time

import pyotp
import pytest

from gatte.desk import one_time_codes
from gatte.desk import users as people
from gatte.extensions import db
from gatte.models import User
from gatte.store import second_factors
from tests.app_fixture import application
from tests.integration.panel.conftest import PASSWORD, Browser, forget_attempts

ANA = "ana@empresa.example"
SETUP = "/panel/conta/segunda-etapa"
STEP = "/panel/login/codigo"


def secret_shown(page):
    return re.search(r'secret-key">([A-Z2-7]+)<', page.text)[1]


def codes_shown(page):
    return re.findall(r"<code>([a-z2-7]{4}-[a-z2-7]{4})</code>", page.text)


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(int(time.time()) + steps * 30)


def is_in(browser):
    return browser.get("/panel/sessoes").status_code == 200


def new_browser(app):
    forget_attempts(app)
    return Browser(app.test_client())


@pytest.fixture
def enrolled(app, agent):
    """Ana's secret and recovery codes, with the second step on; off again afterwards."""
    secret = secret_shown(agent.get(SETUP))
    codes = codes_shown(agent.post(SETUP, codigo=code_of(secret, -1)))
    assert len(codes) == 10
    yield secret, codes
    with app.app_context():
        one_time_codes.remove(people.get_user(ANA), by=None)
        db.session.commit()


def test_after_the_password_a_code_is_asked_for(app, enrolled):
    secret, _ = enrolled
    browser = new_browser(app)

    answer = browser.log_in(ANA, next="/panel/chamados")
    assert answer.location == STEP
    assert not is_in(browser)

    browser.get(STEP)
    wrong = browser.post(STEP, codigo="000000" if code_of(secret) != "000000" else "111111")
    assert wrong.status_code == 401
    assert "não confere" in wrong.text

    right = browser.post(STEP, codigo=f"{code_of(secret)[:3]} {code_of(secret)[3:]}")
    assert right.location == "/panel/chamados"
    assert is_in(browser)


def test_a_code_is_taken_once(app, enrolled):
    secret, _ = enrolled
    code = code_of(secret)
    first, second = new_browser(app), new_browser(app)
    for browser in (first, second):
        browser.log_in(ANA)
        browser.get(STEP)

    assert first.post(STEP, codigo=code).status_code == 303
    assert second.post(STEP, codigo=code).status_code == 401
    assert not is_in(second)


def test_a_recovery_code_stands_once_for_a_lost_phone(app, enrolled):
    _, codes = enrolled
    for expected in (303, 401):
        browser = new_browser(app)
        browser.log_in(ANA)
        browser.get(STEP)
        answer = browser.post(STEP, codigo=codes[0].upper().replace("-", " "))
        assert answer.status_code == expected


def test_codes_cannot_be_guessed_at_will(app, enrolled):
    browser = new_browser(app)
    browser.log_in(ANA)
    browser.get(STEP)

    answers = [browser.post(STEP, codigo=f"{number:06d}").status_code for number in range(8)]

    assert 429 in answers
    assert answers[-1] == 429


def test_nobody_comes_to_the_code_without_the_password(app, enrolled):
    secret, _ = enrolled
    browser = new_browser(app)
    browser.get("/panel/login")

    answer = browser.post(STEP, codigo=code_of(secret))

    assert answer.location == "/panel/login"
    assert not is_in(browser)


def test_the_secret_is_sealed_and_codes_are_kept_as_hashes(app, enrolled):
    secret, codes = enrolled
    with app.app_context():
        for table in ("second_factor", "recovery_code"):
            stored = str(db.session.execute(db.text(f"SELECT * FROM {table}")).all())  # noqa: S608
            assert secret not in stored
            assert not any(code in stored for code in codes)


def test_the_first_code_must_be_right(app, agent):
    secret_shown(agent.get(SETUP))

    answer = agent.post(SETUP, codigo="12345x")

    assert answer.status_code == 422
    assert Browser(app.test_client()).log_in(ANA).location != STEP


@pytest.mark.parametrize("sent_again", ["the same", "000000", "x"])
def test_a_form_that_is_sent_twice_leaves_the_second_step_on(app, agent, enrolled, sent_again):
    secret, codes = enrolled
    agent.get(SETUP)
    code = code_of(secret, -1) if sent_again == "the same" else sent_again

    assert agent.post(SETUP, codigo=code).location == SETUP

    browser = new_browser(app)
    assert browser.log_in(ANA).location == STEP
    browser.get(STEP)
    assert browser.post(STEP, codigo=codes[0]).status_code == 303


def test_recovery_codes_hang_on_no_key_of_the_panel(app, agent, enrolled, database_url, redis_url):
    _, codes = enrolled
    with (
        application(database_url, redis_url, secret_key="another-key-of-the-panel-8c1f") as moved,
        moved.app_context(),
    ):
        assert one_time_codes.check(people.get_user(ANA), codes[0])
        assert not one_time_codes.check(people.get_user(ANA), codes[0])
        db.session.commit()


def test_codes_that_a_former_version_printed_still_count(app, enrolled):
    printed = "abcd-2345"
    with app.app_context():
        ana = people.get_user(ANA)
        (former,) = one_time_codes._former_keys()
        hashed = one_time_codes._hash(former, printed)
        second_factors.replace_recovery_codes(ana.id, [hashed])

        assert one_time_codes.check(ana, printed.upper())
        assert not one_time_codes.check(ana, printed)


def test_new_recovery_codes_take_the_place_of_the_old(app, agent, enrolled):
    _, codes = enrolled
    agent.get(SETUP)
    fresh = codes_shown(agent.post(f"{SETUP}/codigos"))
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)

    browser = new_browser(app)
    browser.log_in(ANA)
    browser.get(STEP)
    assert browser.post(STEP, codigo=codes[1]).status_code == 401
    assert browser.post(STEP, codigo=fresh[1]).status_code == 303


def test_one_takes_ones_own_second_step_away(app, agent, enrolled):
    agent.get(SETUP)
    assert agent.post(f"{SETUP}/desativar").status_code == 303

    assert is_in_by_password_alone(app)


def test_an_admin_takes_it_from_somebody_who_lost_everything(app, log_in, users, enrolled):
    admin = log_in("chefe")
    page = admin.get("/panel/pessoas")
    assert "segunda etapa ativa" in page.text

    admin.post(f"/panel/pessoas/{users['ana']}/segunda-etapa")

    assert is_in_by_password_alone(app)


def test_the_command_takes_it_away(app, enrolled):
    done = app.test_cli_runner().invoke(args=["users", "second-factor-off", ANA])

    assert "is off" in done.output
    assert is_in_by_password_alone(app)


def is_in_by_password_alone(app):
    browser = new_browser(app)
    browser.log_in(ANA)
    return is_in(browser)


@pytest.fixture
def needed(app, monkeypatch):
    """Everybody needs a second step."""
    settings = app.extensions["gatte_settings"]
    policy = type(settings.gatte_panel_second_factor).EVERYONE
    changed = settings.model_copy(update={"gatte_panel_second_factor": policy})
    monkeypatch.setitem(app.extensions, "gatte_settings", changed)


def test_whoever_needs_one_sets_it_up_before_anything_else(app, users, needed):
    browser = new_browser(app)
    browser.log_in(ANA)

    assert browser.get("/panel/sessoes").location == SETUP
    assert browser.get("/panel/leads").location == SETUP

    secret = secret_shown(browser.get(SETUP))
    assert codes_shown(browser.post(SETUP, codigo=code_of(secret, -1)))
    assert is_in(browser)

    browser.get(SETUP)
    assert browser.post(f"{SETUP}/desativar").location == SETUP
    with app.app_context():
        user = db.session.scalar(db.select(User).filter_by(email=ANA))
        assert one_time_codes.remove(user, by=None)
        db.session.commit()


def test_another_password_leads_round_no_second_step(app, users, needed):
    browser = new_browser(app)
    browser.log_in(ANA)
    browser.get("/panel/conta/senha")
    other = "outra senha bem comprida"
    browser.post("/panel/conta/senha", atual=PASSWORD, nova=other, repetida=other)

    assert browser.get("/panel/sessoes").location == SETUP

    with app.app_context():
        people.set_password(people.get_user(ANA), PASSWORD)
        db.session.commit()
