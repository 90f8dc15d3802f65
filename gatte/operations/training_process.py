"""A training in a process of its own, as the clock starts it."""

import os
import subprocess
import sys
from collections.abc import Mapping

from gatte import services

LONGEST_TRAINING = 1_500.0
"""Seconds; on one busy core it takes two to four minutes."""
LEAST_PRIORITY = 19
LONGEST_TOLD = 300


class TrainingFailed(Exception):
    """The process of a training ended with an error; the message is the end of what it said."""


def train() -> Mapping[str, object]:
    """Train, and promote where the settings let a machine do so; what the process said, for people.
    TrainingFailed when it ended with an error or took too long.
    """
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "intents", "train"]
    if services.settings().gatte_model_auto_promotion:
        command.append("--promote")
    command = ["nice", "-n", str(LEAST_PRIORITY), *command]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own words only
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_TRAINING,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise TrainingFailed(f"it took longer than {LONGEST_TRAINING:.0f} s") from None
    if done.returncode != 0:
        raise TrainingFailed(done.stderr.strip()[-LONGEST_TOLD:])
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    told = [
        line for line in lines if line.startswith(("version", "refused", "Version", "It waits"))
    ]
    return {"said": " ".join(told)[:LONGEST_TOLD]}
