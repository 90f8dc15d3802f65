"""What the bot could not answer reaches people, and what they write answers the next customer."""

import pytest
from sqlalchemy import select

from gatte.desk import article_changes, question_groups, users
from gatte.extensions import db
from gatte.intelligence.knowledge import article_passages, article_versions
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.knowledge.articles import import_articles
from gatte.jobs import cron
from gatte.models import QuestionGroup, Role, UnansweredQuestion, UnansweredReason
from gatte.store import knowledge
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

ASKED = "vocês alugam sala de reunião por hora?"
ANSWER = "Alugamos, por hora, em dias úteis."


@pytest.fixture(autouse=True)
def _without_questions(app):
    yield
    with app.app_context():
        for row in [*db.session.scalars(select(UnansweredQuestion))]:
            db.session.delete(row)
        db.session.commit()


def questions(app):
    with app.app_context():
        rows = db.session.scalars(select(UnansweredQuestion).order_by(UnansweredQuestion.id))
        return [(row.question, row.reason) for row in rows]


def admin_id():
    found = users.find_user("dona@empresa.example")
    person = found or users.create_user(
        "dona@empresa.example", "Dona", "uma senha comprida", Role.ADMIN
    )
    db.session.flush()
    return person.id


def test_a_question_without_an_answer_is_kept_without_personal_values(app):
    customer = somebody(app)
    asked = "dá para alugar uma sala de vocês por hora? meu cpf é 529.982.247-25"
    [wamid] = customer.sends(payloads.text(asked))

    [(question, _)] = questions(app)
    assert "alugar uma sala" in question
    assert "529" not in question
    with app.app_context():
        row = db.session.scalars(select(UnansweredQuestion)).one()
        assert row.message_id == customer.message(wamid).id
        assert b"alugar" not in row.question_sealed


def test_an_answer_that_did_not_help_is_kept_as_the_question_before(app):
    with app.app_context():
        draft = ArticleDraft(slug="wifi", title="Wi-fi", question="Tem wi-fi?", answer="Tem sim.")
        import_articles(db.session(), [draft])
        db.session.commit()
    customer = somebody(app)
    customer.sends(payloads.text("tem wi-fi aí?"))
    assert customer.heard()[-1].endswith("Tem sim.")
    customer.sends(payloads.text("não ajudou"))

    assert ("tem wi-fi aí?", UnansweredReason.NOT_HELPFUL) in questions(app)


def test_alike_questions_are_one_group_and_its_article_answers_the_next_customer(app):
    for words in (ASKED, "alugam sala de reuniões?", "tem desconto para astronautas na lua?"):
        somebody(app).sends(payloads.text(words))
    with app.app_context():
        assert cron.group_unanswered_questions()["grouped"] == len(questions(app))
        rows = db.session.scalars(select(UnansweredQuestion)).all()
        about_rooms = {row.group_id for row in rows if "sala" in row.question}
        assert len(about_rooms) == 1
        [group_id] = about_rooms
        wordings = question_groups.wordings_of(group_id)
        assert set(wordings) == {ASKED, "alugam sala de reuniões?"}
        draft = ArticleDraft(
            slug=article_changes.new_slug("Sala de reunião"),
            title="Sala de reunião",
            question=ASKED,
            answer=ANSWER,
            asks=tuple(wordings),
        )
        user_id = admin_id()
        article = article_changes.add(draft, user_id, user_id)
        question_groups.answer_with(group_id, article.id, user_id)
        article_changes.publish(article.id, user_id, 1)
        db.session.commit()
        article_passages.embed_missing(db.session())
        db.session.commit()
        assert db.session.get(QuestionGroup, group_id).article_id == article.id

    customer = somebody(app)
    customer.sends(payloads.text("voces alugam salas de reunião?"))
    assert customer.heard()[-1].endswith(ANSWER)


def test_wordings_join_an_article_as_a_draft(app):
    somebody(app).sends(payloads.text("aceitam vale refeição no pagamento?"))
    with app.app_context():
        cron.group_unanswered_questions()
        draft = ArticleDraft(slug="vale", title="Vale", question="Vale?", answer="Ainda não.")
        import_articles(db.session(), [draft], embed=False)
        article = knowledge.find_by_slug(db.session(), "vale")
        group = db.session.scalars(select(UnansweredQuestion)).one().group_id
        question_groups.attach(group, article.id, admin_id())
        db.session.commit()
        waiting = article_versions.newest_draft(db.session(), article)
        assert waiting.example_questions == ("aceitam vale refeição no pagamento?",)
        assert article_passages.variants_of(article) == []
