from collections.abc import Iterator

import pytest
from flask import Flask

from gatte.extensions import db
from gatte.models import Contact
from tests.app_fixture import application
from tests.integration.notices.many_certificates import sync_templates


@pytest.fixture(scope="module")
def app(database_url, redis_url) -> Iterator[Flask]:
    """An application whose simulated templates are synced."""
    with application(database_url, redis_url) as made:
        with made.app_context():
            sync_templates()
        yield made


@pytest.fixture(autouse=True)
def clean(app) -> Iterator[None]:
    """Each test begins without contacts."""
    yield
    with app.app_context():
        db.session.execute(db.delete(Contact))
        db.session.commit()
