"""Articles as the panel lists them: by state and words, and the drafts that wait."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from gatte.models.knowledge import Article, ArticleState, ArticleVersion

IN_STATE: dict[ArticleState, ColumnElement[bool]] = {
    ArticleState.PUBLISHED: Article.active.is_(True),
    ArticleState.DRAFT: and_(Article.active.is_(False), Article.archived_at.is_(None)),
    ArticleState.ARCHIVED: Article.archived_at.is_not(None),
}


def has_waiting_draft() -> ColumnElement[bool]:
    """Whether the newest version of an article was not published."""
    draft = aliased(ArticleVersion)
    later = aliased(ArticleVersion)
    is_newest = ~exists().where(later.article_id == draft.article_id, later.number > draft.number)
    return exists().where(
        draft.article_id == Article.id,
        draft.published_at.is_(None),
        draft.number >= Article.version,
        is_newest,
    )


def list_page(
    session: Session, state: ArticleState | None, words: str, after: str | None, limit: int
) -> Sequence[tuple[Article, bool]]:
    """Articles in a state (None: those with a draft that waits) whose title, question or answer
    holds these words, by slug, with their owners, and whether a draft waits.
    """
    condition = has_waiting_draft() if state is None else IN_STATE[state]
    query = select(Article, has_waiting_draft()).options(joinedload(Article.owner))
    query = query.where(condition)
    for word in words.split():
        query = query.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (Article.title, Article.question, Article.answer)
                )
            )
        )
    if after is not None:
        query = query.where(Article.slug > after)
    rows = session.execute(query.order_by(Article.slug).limit(limit)).all()
    return [(article, waits) for article, waits in rows]


def count_by_state(session: Session) -> dict[ArticleState | None, int]:
    """How many articles are in each state; under None those with a draft that waits."""
    counts = {state: func.count().filter(condition) for state, condition in IN_STATE.items()}
    columns = [*counts.values(), func.count().filter(has_waiting_draft())]
    numbers = session.execute(select(*columns).select_from(Article)).one()
    return dict(zip([*counts, None], numbers, strict=True))


def list_waiting(session: Session, limit: int) -> list[tuple[Article, ArticleVersion]]:
    """Articles with a draft that waits, and the draft, the one written last first."""
    query = (
        select(Article, ArticleVersion)
        .join(ArticleVersion, ArticleVersion.article_id == Article.id)
        .where(has_waiting_draft(), ArticleVersion.published_at.is_(None))
        .where(ArticleVersion.number >= Article.version)
        .order_by(ArticleVersion.created_at.desc(), ArticleVersion.id.desc())
        .limit(limit)
    )
    newest: dict[UUID, tuple[Article, ArticleVersion]] = {}
    for article, version in session.execute(query):
        known = newest.get(article.id)
        if known is None or known[1].number < version.number:
            newest[article.id] = (article, version)
    return list(newest.values())


def list_choices(session: Session, limit: int) -> Sequence[Article]:
    """Articles that are not archived, by title, to choose one from."""
    query = select(Article).where(Article.archived_at.is_(None))
    return session.scalars(query.order_by(Article.title, Article.id).limit(limit)).all()
