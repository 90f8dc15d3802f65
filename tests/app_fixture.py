"""The application in this process, over the stores of the tests: for tests of one room."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from devstack.postgres import APPLICATION, USER, as_role
from gatte import create_app
from gatte.jobs.job_context import set_job_app
from gatte.settings import Settings
from tests.connection_guard import forbid_a_second_connection
from tests.process_system import MODELS


@contextmanager
def application(
    database_url: str, redis_url: str, *, process: str = "web", **more: Any
) -> Iterator[Flask]:
    """An application with the settings of the tests and some more; its jobs run in this process."""
    given = {
        "secret_key": "a-secret-key-of-the-tests-4f9c1e7b",
        "gatte_encryption_keys": "test:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA=",
        "gatte_data_dir": MODELS,
        "gatte_business_hours": "sempre",
        "gatte_quiet_seconds": 0,
        "whatsapp_app_secret": "app-secret-of-the-tests",
        "whatsapp_verify_token": "verify-token-of-the-tests",
    }
    settings = Settings(
        _env_file=None,
        database_url=as_role(database_url, APPLICATION),
        redis_url=redis_url,
        **{**given, **more},
    )
    from gatte.extensions import db

    made = create_app(settings, process)
    set_job_app(made)
    with made.app_context():
        forbid_a_second_connection(db.engine)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def superuser_url(app: Flask) -> str:
    """The database of an application, for what its role may not do."""
    from gatte.extensions import db

    with app.app_context():
        url = db.engine.url.set(drivername="postgresql", username=USER)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def app(database_url, redis_url) -> Iterator[Flask]:
    """An application of its own for a module; no context of it is open."""
    with application(database_url, redis_url) as made:
        yield made


@pytest.fixture
def context(app) -> Iterator[Flask]:
    """An open application context, for tests that call services themselves (and never a test
    client).
    """
    from gatte.extensions import db

    with app.app_context():
        yield app
        db.session.rollback()
