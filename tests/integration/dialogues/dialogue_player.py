"""Plays a whole dialogue: each scene, what the system makes of it, and the comparison."""

from flask import Flask

from tests.integration.dialogues import scene_assertions
from tests.stage.script import Script
from tests.stage.stage import CannotPlay, Stage


def play(app: Flask, agents: tuple[int, int], script: Script) -> set[str]:
    """What the dialogue touched; an AssertionError tells the first line that is not so."""
    stage = Stage(app, agents, script)
    for scene in script.scenes:
        try:
            for doing in scene.doings:
                stage.do(doing)
        except CannotPlay as error:
            raise scene_assertions.Differs(f"linha {scene.line}: {error}") from None
        stage.settle()
        scene_assertions.check(stage, scene)
    scene_assertions.check_all_is_well(stage)
    return scene_assertions.visited(stage)
