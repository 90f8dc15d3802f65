"""`flask users`: who may log in, as an operator decides it."""

import pytest

from gatte.desk import users as people
from tests.integration.panel.conftest import PASSWORD

ANA, BRUNO, CHEFE = (f"{name}@empresa.example" for name in ("ana", "bruno", "chefe"))
ANOTHER = "outra senha comprida"


@pytest.fixture
def flask(app, users):
    """Runs a command; a non-zero exit code is the test's to expect."""

    def run(*arguments, typed=None, code=0):
        done = app.test_cli_runner().invoke(args=["users", *arguments], input=typed)
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return run


def test_it_lists_everybody_with_role_and_state(flask):
    lines = [line.split() for line in flask("list").splitlines()]

    assert lines[0][:4] == ["E-MAIL", "NAME", "ROLE", "STATE"]
    assert ["ana@empresa.example", "Ana", "Ribeiro", "agent", "active", "never"] in lines
    assert ["chefe@empresa.example", "Clara", "Chefe", "admin", "active", "never"] in lines


def test_a_created_user_may_log_in_by_the_password_of_standard_input(flask, browser):
    flask("create", "Nova@empresa.example", "--name", "Nova", typed=f"{PASSWORD}\n")

    assert browser.log_in("nova@empresa.example").status_code == 303


def test_another_password_ends_every_session_at_once(flask, log_in, browser):
    agent = log_in("ana")
    flask("password", ANA, typed=f"{ANOTHER}\n")

    assert agent.get("/panel/sessoes").status_code == 302
    assert browser.log_in(ANA, PASSWORD).status_code == 401
    assert browser.log_in(ANA, ANOTHER).status_code == 303
    flask("password", ANA, typed=f"{PASSWORD}\n")


def test_a_disabled_user_is_out_at_once_and_enabling_does_not_bring_the_session_back(
    flask, log_in, browser
):
    agent = log_in("bruno")
    flask("disable", BRUNO)

    assert agent.get("/panel/sessoes").status_code == 302
    assert browser.log_in(BRUNO).status_code == 401
    flask("enable", BRUNO)
    assert agent.get("/panel/sessoes").status_code == 302
    assert browser.log_in(BRUNO).status_code == 303


def test_the_last_admin_stays_unless_forced(app, flask):
    assert "last active admin" in flask("disable", CHEFE, code=1)
    assert "last active admin" in flask("role", CHEFE, "agent", code=1)

    flask("role", ANA, "admin")
    flask("disable", CHEFE)
    flask("role", ANA, "agent", "--force")
    with app.app_context():
        assert people.find_user(ANA).role == "agent"
    flask("enable", CHEFE)


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "says"),
    [
        (("disable", "ninguem@empresa.example"), None, 1, "no user has this e-mail"),
        (("password", ANA), "curta\n", 1, "10 to 512 characters"),
        (("password", ANA), "", 1, "10 to 512 characters"),
        (("create", ANA, "--name", "Ana"), f"{PASSWORD}\n", 1, "another user has this e-mail"),
        (("create", "ana", "--name", "Ana"), f"{PASSWORD}\n", 1, "an e-mail looks like"),
        (("role", ANA, "boss"), None, 2, "'boss' is not one of 'agent', 'admin'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(flask, arguments, typed, code, says):
    printed = flask(*arguments, typed=typed, code=code)

    assert says in printed
    assert "Traceback" not in printed
