"""The other configuration of a shadow run: a trained model, thresholds, articles, or a prompt; each
is checked before anything is played, and in force in this process alone.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from gatte import services
from gatte.extensions import db
from gatte.infra.database.engine import unpooled_engine
from gatte.intelligence import champion, prompts
from gatte.intelligence.knowledge import articles
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.command_model_file import DamagedModel
from gatte.store import article_preview, model_versions
from gatte.turns import threshold_override
from gatte.turns.shadow import Configuration

PROMPTS = {"commands": prompts.COMMANDS, "responder": prompts.RESPONDER}


class BadCandidate(Exception):
    """A configuration cannot be tried; the message says what to do."""


def of_model(version_id: int) -> Configuration:
    """Turns are read by a trained version; BadCandidate when it cannot be used."""
    version = model_versions.read_with_file(db.session(), version_id)
    if version is None:
        raise BadCandidate(f"there is no version {version_id}: see `flask intents list`")
    if version.file is None and version.example_count:
        raise BadCandidate(f"version {version_id} has no file (any more): see `flask intents list`")
    try:
        model = champion.model_of(version)
    except champion.OtherBase as error:
        raise BadCandidate(f"{error}, and the shipped model is another one now") from None
    except DamagedModel:
        raise BadCandidate(f"the file of version {version_id} is damaged") from None
    return partial(_reading_with, model, version_id)


@contextmanager
def _reading_with(model: CommandModel | None, version_id: int) -> Iterator[None]:
    models = services.local_models()
    former, former_version = models.command_model, models.version
    models.use(model, version_id)
    try:
        yield
    finally:
        models.use(former, former_version)


def of_thresholds(path: Path) -> Configuration:
    """Rules use the thresholds of a file; BadCandidate says what is wrong with it."""
    try:
        values = threshold_override.read(path)
    except threshold_override.BadThresholds as error:
        raise BadCandidate(f"{path}: {error}") from None
    return partial(threshold_override.overridden, values)


def of_articles(path: Path) -> Configuration:
    """Questions are answered as if `flask knowledge import` had taken a file; BadCandidate says
    what is wrong with it.
    """
    try:
        drafts = articles.read_articles(path)
    except articles.BadArticles as error:
        raise BadCandidate("\n".join(error.problems)) from None
    return partial(_answering_from, drafts)


@contextmanager
def _answering_from(drafts: list[ArticleDraft]) -> Iterator[None]:
    engine = unpooled_engine(services.settings(), "shadow")
    with engine.connect() as connection, Session(bind=connection) as session:
        article_preview.copy_tables(session)
        articles.import_articles(session, drafts)
        session.commit()
        current_app.extensions["gatte_article_preview"] = session
        try:
            yield
        finally:
            del current_app.extensions["gatte_article_preview"]
    engine.dispose()


def of_prompt(path: Path) -> Configuration:
    """Gemini is asked with the prompt of a file, whose name says which one it stands for;
    BadCandidate when that is not told, or there is no key for Gemini.
    """
    kind = path.stem.partition("-")[0]
    if kind not in PROMPTS:
        names = " or ".join(f"{name}-….md" for name in PROMPTS)
        raise BadCandidate(f"{path}: name the file {names}, so that it is known what it replaces")
    if services.gemini() is None:
        raise BadCandidate("a prompt is only tried with Gemini: set GEMINI_API_KEY")
    return partial(prompts.replaced, PROMPTS[kind], path.read_text(encoding="utf-8"))


READERS: Mapping[str, Callable[[Any], Configuration]] = {
    "model": of_model,
    "thresholds": of_thresholds,
    "articles": of_articles,
    "prompt": of_prompt,
}
"""What makes a configuration of the version or the file that an option names."""


@contextmanager
def without_gemini() -> Iterator[None]:
    """Both configurations do without Gemini, so that the run costs nothing."""
    former = current_app.extensions["gatte_gemini"]
    current_app.extensions["gatte_gemini"] = None
    try:
        yield
    finally:
        current_app.extensions["gatte_gemini"] = former
