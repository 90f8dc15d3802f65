"""Who guesses passwords waits longer and longer, and keeps nobody else out."""

import re

import pytest
import redis

from gatte.desk.login_attempts import BY_ACCOUNT
from tests.app_fixture import application
from tests.integration.panel.conftest import PASSWORD, Browser, forget_attempts

ANA, NOBODY = "ana@empresa.example", "ninguem@empresa.example"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
WRONG = "errada errada"


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    """Behind one proxy, as behind our nginx."""
    with application(database_url, redis_url, gatte_trusted_proxies=1) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_counted(app):
    forget_attempts(app)


def tries(app, email, password, *, address, browser=None, times=1):
    """The last answer to so many tries from an address."""
    browser = browser or Browser(app.test_client())
    browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = address
    return [browser.log_in(email, password) for _ in range(times)][-1]


def browser_that_logged_in(app, email):
    """One whose session is over since."""
    browser = Browser(app.test_client())
    assert tries(app, email, PASSWORD, address=HERE, browser=browser).status_code == 303
    browser.client.delete_cookie("gatte")
    return browser


def known(browser):
    """Name and value of the cookie by which a browser is known."""
    return next(
        (key[2], cookie.value)
        for key, cookie in browser.client._cookies.items()
        if key[2].startswith("gatte_known_")
    )


def guess_from_everywhere(app, email, times):
    for number in range(times):
        tries(app, email, WRONG, address=f"192.0.2.{number // 4}")


def test_one_who_guesses_locks_out_himself_and_not_the_owner(app, users):
    assert tries(app, ANA, WRONG, address=HERE, times=6).status_code == 429

    assert tries(app, ANA, PASSWORD, address=ELSEWHERE).status_code == 303


def test_the_answer_says_how_long_to_wait(app, users):
    answer = tries(app, ANA, WRONG, address=HERE, times=6)

    assert 1 <= int(answer.headers["Retry-After"]) <= 15
    assert re.search(r"Espere 1?\d segundos? e tente de novo", answer.text)


def test_an_unknown_account_waits_like_a_known_one(app, users):
    for email in (ANA, NOBODY):
        answers = [tries(app, email, WRONG, address=HERE).status_code for _ in range(7)]
        assert answers == [401] * 5 + [429] * 2


def test_another_spelling_of_the_e_mail_is_the_same_account(app, users):
    tries(app, f"  {ANA.upper()} ", WRONG, address=HERE, times=5)

    assert tries(app, ANA, WRONG, address=HERE).status_code == 429


def test_a_right_password_begins_the_count_anew(app, users):
    for _ in range(3):
        tries(app, ANA, WRONG, address=HERE, times=4)
        assert tries(app, ANA, PASSWORD, address=HERE).status_code == 303


def test_guesses_from_everywhere_slow_new_browsers_but_not_those_that_logged_in_before(app, users):
    hers = browser_that_logged_in(app, ANA)
    guess_from_everywhere(app, ANA, BY_ACCOUNT.free)

    assert tries(app, ANA, PASSWORD, address=ELSEWHERE).status_code == 429
    assert tries(app, ANA, PASSWORD, address="192.0.2.0", browser=hers).status_code == 303


def test_a_known_browser_waits_for_its_own_wrong_passwords(app, users):
    hers = browser_that_logged_in(app, ANA)

    assert tries(app, ANA, WRONG, address=HERE, browser=hers, times=6).status_code == 429


def test_a_browser_is_known_for_its_own_account_alone_and_cannot_be_forged(app, users):
    hers, his = (
        browser_that_logged_in(app, ANA),
        browser_that_logged_in(app, "bruno@empresa.example"),
    )
    his.client.set_cookie(known(hers)[0], known(his)[1], path="/panel/login")
    guess_from_everywhere(app, ANA, BY_ACCOUNT.free)

    assert tries(app, ANA, WRONG, address=ELSEWHERE, browser=his).status_code == 429


def test_the_cookie_of_a_known_browser_is_for_the_login_page_alone(app, users):
    answer = tries(app, ANA, PASSWORD, address=HERE)
    cookie = next(
        line for line in answer.headers.getlist("Set-Cookie") if line.startswith("gatte_known_")
    )

    assert "HttpOnly" in cookie
    assert "Path=/panel/login" in cookie
    assert "SameSite=Lax" in cookie
    assert "ana" not in cookie.lower()


def test_what_the_client_claims_as_its_address_changes_nothing(app, users):
    claims = [f"10.0.0.{number}, {HERE}" for number in range(6)]

    assert [tries(app, ANA, WRONG, address=claim).status_code for claim in claims][-1] == 429


def test_a_whole_network_of_ipv6_is_one_origin(app, users):
    answers = [
        tries(app, ANA, WRONG, address=f"2001:db8:1:2::{number}").status_code
        for number in range(1, 7)
    ]

    assert answers[-1] == 429
    assert tries(app, ANA, WRONG, address="2001:db8:1:3::1").status_code == 401


def test_trying_many_accounts_from_one_network_is_limited(app, users):
    answers = [
        tries(app, f"pessoa{number}@empresa.example", WRONG, address=HERE) for number in range(21)
    ]

    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert "vindas desta rede. Espere" in answers[-1].text


def test_no_e_mail_and_no_address_can_be_read_in_redis(app, users, redis_url):
    tries(app, ANA, WRONG, address=HERE, times=6)

    with redis.Redis.from_url(redis_url) as client:
        keys = b" ".join(client.scan_iter())
    assert keys
    assert b"ana" not in keys.lower()
    assert HERE.encode() not in keys
