"""The real system in this process, over embedded stores of its own, as a company of the voices
would run it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from gatte.desk import users
from gatte.extensions import db
from gatte.infra.schema import migrate
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from tests.app_fixture import application
from tests.stage.stage import seeded
from tests.store_fixtures import running_stores

COMPANY = {
    "gatte_company_name": "Certa Digital",
    "gatte_business_hours": "seg-sex 08:30-18:00, sab 08:30-12:00",
    "gatte_holidays_state": "PR",
}

FACTS = Path(__file__).with_name("company_facts.toml")


@contextmanager
def running(
    folder: Path, drafts: Sequence[ArticleDraft] | None = None
) -> Iterator[tuple[Flask, tuple[int, int]]]:
    """The application and the ids of two agents; with other articles than the usual ones where
    some are given.
    """
    with running_stores(folder) as stores:
        database_url = stores.postgres.url("postgres")
        migrate(database_url)
        urls = (database_url, stores.valkey.url())
        started = application(*urls, gatte_log_level="CRITICAL")
        with started as app, seeded(app, FACTS, drafts, **COMPANY):
            yield app, make_agents(app)


def make_agents(app: Flask) -> tuple[int, int]:
    """Two people of the desk, by their ids."""
    with app.app_context():
        made = [
            users.create_user(f"{name}@empresa.example", name.title(), "uma senha comprida")
            for name in ("ana", "bruno")
        ]
        db.session.commit()
        return made[0].id, made[1].id
