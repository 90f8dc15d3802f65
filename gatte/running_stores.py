"""Commands beside a running `make run` find its embedded stores by themselves."""

import os
from pathlib import Path

from dotenv import dotenv_values

FILE = "stores.env"
"""In the folder of `make run`, while it runs: DATABASE_URL and REDIS_URL."""


def use_running_stores() -> None:
    """Take the stores of the `make run` of this folder into the environment when none are given.

    Never in production, where a missing setting must stay a mistake.
    """
    given = {**dotenv_values(".env"), **os.environ}
    has_database = given.get("DATABASE_URL") or given.get("DATABASE_URL_FILE")
    if has_database or given.get("GATTE_ENV") == "production":
        return
    # the second is its former name, read for one release more
    folder = given.get("GATTE_DATA_DIR") or given.get("GATTE_FOLDER") or ".gatte"
    file = Path(folder) / FILE
    for name, url in dotenv_values(file).items():
        if url and not given.get(name):
            os.environ[name] = url
