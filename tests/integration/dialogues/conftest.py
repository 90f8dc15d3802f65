from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from gatte.desk import users
from gatte.extensions import db
from tests.integration.dialogues import dialogue_player
from tests.stage import stage
from tests.stage.script import Script

Play = Callable[[Script], set[str]]


@pytest.fixture(scope="module")
def seeded(app: Flask) -> Iterator[Flask]:
    """The application with the demo articles and the hours of an ordinary company."""
    hours = {"gatte_business_hours": "seg-sex 08:00-18:00", "gatte_holidays_state": "SP"}
    with stage.seeded(app, **hours) as ready:
        yield ready


@pytest.fixture(scope="module")
def agents(app: Flask) -> tuple[int, int]:
    """The ids of two agents."""
    with app.app_context():
        made = [
            users.create_user(f"{name}@empresa.example", name.title(), "uma senha comprida")
            for name in ("ana", "bruno")
        ]
        db.session.commit()
        return made[0].id, made[1].id


@pytest.fixture
def play(seeded: Flask, agents: tuple[int, int]) -> Play:
    """Plays a dialogue; the names of what it touched."""
    return lambda script: dialogue_player.play(seeded, agents, script)
