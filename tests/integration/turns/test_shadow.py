"""A shadow run plays past turns under another configuration: what differs is told, nothing is sent,
nothing is stored but its figures.
"""

from contextlib import contextmanager

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from gatte import services
from gatte.conversation import thresholds
from gatte.conversation.command_reader import label_commands
from gatte.desk import corrections, users
from gatte.extensions import Base, db
from gatte.intelligence import prompts
from gatte.models import Message, ShadowRun
from gatte.turns import shadow, threshold_override
from tests import small_corpus
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

WISH = "puxa o meu atendimento pra semana que vem"
SAID = (WISH, "meu nome é Joaquim Tavares", "quero renovar meu certificado")


@pytest.fixture(scope="module")
def customer(app):
    """Somebody who has had a conversation."""
    person = somebody(app)
    for words in SAID:
        person.sends(payloads.text(words))
    return person


@pytest.fixture
def flask(app, customer) -> FlaskCliRunner:
    return app.test_cli_runner()


@contextmanager
def small_model():
    """Turns are read by a model that knows little."""
    models = services.local_models()
    former = models.command_model
    models.use(small_corpus.champion(), 1)
    yield
    models.use(former, None)


@contextmanager
def nothing_else():
    yield


def row_counts() -> dict[str, int]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    }


def test_the_same_configuration_changes_nothing(context, customer):
    compared = shadow.compare("the same", nothing_else, None, 10)

    assert len(compared.turns) == len(SAID)
    assert compared.figures()["changed"] == 0
    assert {one.said for one in compared.turns} >= {(WISH,)}


def test_another_model_is_told_side_by_side(context, customer):
    compared = shadow.compare("small", small_model, None, 10)

    changed = list(shadow.changed_turns(compared))
    assert changed
    wish = next(one for one in changed if one.said == (WISH,))
    assert "StartFlow:move_appointment" in wish.present.labels
    assert "StartFlow:move_appointment" not in wish.candidate.labels
    assert services.local_models().command_model is not small_corpus.champion()


def test_personal_values_are_placeholders(context, customer):
    compared = shadow.compare("small", small_model, None, 10)

    shown = str(compared)
    assert "[NOME_1]" in shown
    assert "Joaquim" not in shown


def test_corrections_tell_which_side_is_right(context, customer):
    agent = users.create_user("ana@empresa.example", "Ana", "uma senha comprida")
    talk = customer.conversation()
    said = select(Message).filter_by(conversation_id=talk.id, author="bot")
    first = db.session.scalars(said.order_by(Message.sequence)).first()
    corrections.correct(first, ["StartFlow:move_appointment"], "", agent.id)
    db.session.commit()

    figures = shadow.compare("small", small_model, None, 10).figures()

    assert (figures["corrections"], figures["corrections_present"]) == (1, 1)


def test_the_command_writes_a_report_and_one_row_and_nothing_else(app, flask, tmp_path):
    file = tmp_path / "thresholds.toml"
    file.write_text("LABEL_THRESHOLD = 0.99\nMARKED_QUESTION_THRESHOLD = 0.99\n")
    report = tmp_path / "report.html"
    with app.app_context():
        before = row_counts()

    done = flask.invoke(args=["shadow", "run", "--thresholds", str(file), "--output", str(report)])

    assert done.exit_code == 0, done.output
    page = report.read_text(encoding="utf-8")
    assert "thresholds.toml" in page
    assert "Ensaio com conversas passadas" in page
    assert "src=" not in page
    assert report.stat().st_mode & 0o077 == 0
    with app.app_context():
        after = row_counts()
        assert after == {**before, "shadow_run": before["shadow_run"] + 1}
        row = db.session.scalars(select(ShadowRun).order_by(ShadowRun.id.desc())).first()
        assert row.turn_count == len(SAID)
        assert "Joaquim" not in str(row.figures)


def test_a_report_is_never_written_over(flask, tmp_path):
    file = tmp_path / "thresholds.toml"
    file.write_text("LABEL_THRESHOLD = 0.9\n")
    report = tmp_path / "report.html"
    report.write_text("older")

    done = flask.invoke(args=["shadow", "run", "--thresholds", str(file), "--output", str(report)])

    assert done.exit_code == 1
    assert "is there already" in done.output
    assert report.read_text() == "older"


def test_other_articles_answer_without_being_stored(app, flask, tmp_path):
    answered = somebody(app)
    answered.sends(payloads.text("como instalo o certificado no meu computador?"))
    file = tmp_path / "articles.toml"
    file.write_text(
        '[[article]]\nslug = "instalar"\ntitle = "Instalar o certificado no computador"\n'
        'question = "Como instalo o certificado no meu computador?"\n'
        'answer = "Abra o arquivo do certificado e siga o assistente até o fim."\n'
        'asks = ["como instalar o certificado no computador"]\n',
        encoding="utf-8",
    )
    report = tmp_path / "report.html"
    with app.app_context():
        before = row_counts()

    done = flask.invoke(args=["shadow", "run", "--articles", str(file), "--output", str(report)])

    assert done.exit_code == 0, done.output
    assert "Abra o arquivo do certificado" in report.read_text(encoding="utf-8")
    with app.app_context():
        after = row_counts()
    assert (after["article"], after["passage"]) == (before["article"], before["passage"])


@pytest.mark.parametrize(
    ("option", "name", "content", "told"),
    [
        ("--thresholds", "t.toml", "NO_SUCH = 1", "unknown: NO_SUCH"),
        ("--thresholds", "t.toml", "LABEL_THRESHOLD = 'x'", "no number: LABEL_THRESHOLD"),
        ("--articles", "a.toml", "nothing = 1", "[[article]]"),
        ("--prompt", "mine.md", "Olá", "name the file"),
        ("--prompt", "responder-v9.md", "Olá", "GEMINI_API_KEY"),
    ],
)
def test_a_candidate_that_cannot_be_tried_says_what_to_do(
    flask, tmp_path, option, name, content, told
):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")

    done = flask.invoke(args=["shadow", "run", option, str(file)])

    assert done.exit_code == 1
    assert told in done.output


def test_exactly_one_configuration_is_tried(flask):
    assert flask.invoke(args=["shadow", "run"]).exit_code == 2
    assert "no version 99" in flask.invoke(args=["shadow", "run", "--model", "99"]).output


def test_thresholds_are_other_ones_for_a_while():
    former = thresholds.LABEL_THRESHOLD

    with threshold_override.overridden({"LABEL_THRESHOLD": 0.75}):
        assert label_commands.LABEL_THRESHOLD == 0.75
        assert thresholds.LABEL_THRESHOLD == 0.75

    assert (former, former) == (label_commands.LABEL_THRESHOLD, thresholds.LABEL_THRESHOLD)


def test_a_prompt_is_another_one_for_a_while():
    with prompts.replaced(prompts.RESPONDER, "Responda em rima.\n"):
        assert prompts.read(prompts.RESPONDER) == "Responda em rima."

    assert prompts.read(prompts.RESPONDER) != "Responda em rima."
