"""A process that fetches what is due and dies at one step, as by `kill -9`: `python -m
tests.integration.media.killed_fetch MODULE:FUNCTION before|after`, with settings in the
environment.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from gatte import create_app
from gatte.jobs.definitions import fetch_media
from gatte.jobs.job_context import set_job_app
from gatte.settings import load_settings


def deadly(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    @wraps(function)
    def dies(*arguments: Any, **named: Any) -> Any:
        result = None if when == "before" else function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    return dies


def main() -> None:
    place, when = sys.argv[1:]
    module, _, path = place.partition(":")
    owner = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, name, deadly(getattr(owner, name), when))
    set_job_app(create_app(load_settings(), "worker"))
    fetch_media()


if __name__ == "__main__":
    main()
