"""Articles in the panel: written by anybody, published by admins, with their history."""

import io
import json
import re

import pytest
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.intelligence.knowledge import article_passages, trials
from gatte.models import Article, ArticleState, ArticleVersion, Passage

PLACE = "/panel/base"
WRITTEN = {
    "titulo": "Sala de reunião",
    "pergunta": "Vocês alugam sala de reunião?",
    "resposta": "Alugamos por hora, em dias úteis.",
    "jeitos": "tem sala pra alugar?\nsala de reuniao",
    "assunto": "faq",
}


@pytest.fixture(autouse=True)
def _without_articles(app):
    yield
    with app.app_context():
        for article in db.session.scalars(select(Article)):
            db.session.delete(article)
        db.session.commit()


@pytest.fixture
def admin(log_in):
    return log_in("chefe")


def write(browser, **more):
    browser.get(f"{PLACE}/novo")
    return browser.post(f"{PLACE}/novo", **(WRITTEN | more))


def the_article(app):
    with app.app_context():
        return db.session.scalars(select(Article)).one()


def passages(app):
    with app.app_context():
        rows = db.session.scalars(select(Passage).order_by(Passage.id))
        return {(row.text, row.superseded) for row in rows}


def save(browser, article, **more):
    page = browser.get(f"{PLACE}/{article.id}").text
    version = re.search(r'name="versao" value="(\d+)"', page)[1]
    return browser.post(f"{PLACE}/{article.id}", **({"versao": version} | WRITTEN | more))


def test_what_an_agent_writes_is_a_draft_that_the_bot_does_not_use(app, agent):
    assert write(agent).status_code == 303

    article = the_article(app)
    assert (article.state, article.slug) == (ArticleState.DRAFT, "sala-de-reuniao")
    assert passages(app) == set()


def test_an_agent_may_not_publish(app, agent):
    assert write(agent, publicar="sim").status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Article)) == 0


def test_an_admin_publishes_and_the_worker_gives_vectors(app, admin):
    write(admin, publicar="sim")
    with app.app_context():
        article_passages.embed_missing(db.session())
        db.session.commit()
        missing = select(func.count()).select_from(Passage).where(Passage.embedding.is_(None))
        assert db.session.scalar(missing) == 0

    assert the_article(app).state is ArticleState.PUBLISHED
    assert ("tem sala pra alugar?", False) in passages(app)


def test_former_passages_are_found_until_the_new_ones_have_vectors(app, admin):
    write(admin, publicar="sim")
    with app.app_context():
        article_passages.embed_missing(db.session())
        db.session.commit()
    save(admin, the_article(app), jeitos="quero alugar a sala", publicar="sim")

    assert ("tem sala pra alugar?", True) in passages(app)
    assert ("quero alugar a sala", False) in passages(app)
    with app.app_context():
        article_passages.embed_missing(db.session())
        db.session.commit()
    assert "tem sala pra alugar?" not in {text for text, _ in passages(app)}


def test_a_draft_of_a_published_article_waits_and_its_changes_are_shown(app, admin, agent):
    write(admin, publicar="sim")
    article = the_article(app)
    save(agent, article, resposta="Alugamos por dia, em dias úteis.")

    assert the_article(app).answer == "Alugamos por hora, em dias úteis."
    assert "Rascunho novo" in agent.get(f"{PLACE}?lista=pendentes").text
    history = agent.get(f"{PLACE}/{article.id}/historico").text
    assert "<del>hora,</del><ins>dia,</ins>" in history
    assert "Ana Ribeiro" in history


def test_who_saves_over_another_person_is_told_and_loses_nothing(app, admin, agent):
    write(admin)
    article = the_article(app)
    save(agent, article, resposta="A resposta da Ana, com calma.")
    agent.get(f"{PLACE}/{article.id}")
    late = agent.post(
        f"{PLACE}/{article.id}", versao="1", **(WRITTEN | {"resposta": "A resposta atrasada."})
    )

    assert late.status_code == 409
    assert "A resposta atrasada." in late.text
    with app.app_context():
        numbers = db.session.scalars(select(ArticleVersion.number).order_by(ArticleVersion.number))
        assert list(numbers) == [1, 2]


def test_an_archived_article_comes_back_as_it_was(app, admin):
    write(admin, publicar="sim")
    article = the_article(app)
    admin.get(f"{PLACE}/{article.id}")
    admin.post(f"{PLACE}/{article.id}/arquivar", versao="1")
    assert the_article(app).state is ArticleState.ARCHIVED
    admin.get(f"{PLACE}/{article.id}")
    admin.post(f"{PLACE}/{article.id}/publicar", versao="1")

    back = the_article(app)
    assert (back.state, back.answer) == (ArticleState.PUBLISHED, WRITTEN["resposta"])


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("resposta", "x" * 601, "Escreva a resposta, de 2 a 600 caracteres."),
        ("ate", "ontem", "Confira as datas de validade"),
        ("jeitos", "y" * 201, "Cada jeito de perguntar"),
        ("assunto", "poesia", "Escolha um assunto da lista."),
    ],
)
def test_what_is_wrong_is_told_and_what_was_written_stays(agent, field, value, problem):
    answer = write(agent, **{field: value})

    assert answer.status_code == 422
    assert problem in answer.text
    assert "tem sala pra alugar?" in answer.text or field == "jeitos"


def test_the_preview_tells_a_bubble_that_is_too_long(agent):
    agent.get(f"{PLACE}/novo")
    page = agent.press(f"{PLACE}/previa", resposta="a" * 351).text

    assert "351 caracteres: mais de 350" in page


def test_a_question_is_tried_out_with_a_draft_and_without(app, agent):
    write(agent)
    with app.app_context():
        plain = trials.start("voces alugam sala de reuniao?", with_drafts=False)
        drafted = trials.start("voces alugam sala de reuniao?", with_drafts=True)
        for trial_id in (plain, drafted):
            trials.answer(trial_id)
            db.session.rollback()  # a job ends here
        assert not trials.find(plain).answer
        assert trials.find(drafted).answer == WRITTEN["resposta"]
        assert trials.find(drafted).found[0].is_draft
    assert "Alugamos por hora" in agent.get(f"{PLACE}/teste/{drafted}").text
    assert b"alugam" not in app.extensions["gatte_redis"].get(f"gatte:trial:{drafted}")


def test_a_file_is_shown_first_and_stored_as_drafts_then(app, agent):
    agent.get(f"{PLACE}/importar")
    file = io.BytesIO("# Tem wi-fi?\n\nTem, grátis.\n\n# Vazio\n".encode())
    shown = agent.client.post(
        f"{PLACE}/importar", data={"csrf_token": agent.token, "arquivo": (file, "faq.md")}
    ).text
    assert "Tem, grátis." in shown
    assert "sem texto abaixo do título" in shown
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Article)) == 0

    draft = {"slug": "tem-wi-fi", "title": "Tem wi-fi?", "question": "Tem wi-fi?"}
    stored = json.dumps(draft | {"answer": "Tem, grátis.", "source": "faq.md"})
    assert agent.post(f"{PLACE}/importar/gravar", artigo=stored).status_code == 303
    assert the_article(app).state is ArticleState.DRAFT


def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(agent):
    agent.get(f"{PLACE}/importar")
    file = (io.BytesIO(b"MZ\x90"), "faq.exe")
    answer = agent.client.post(
        f"{PLACE}/importar", data={"csrf_token": agent.token, "arquivo": file}
    )

    assert answer.status_code == 422
    assert "Confira se ele abre no seu computador" in answer.text
