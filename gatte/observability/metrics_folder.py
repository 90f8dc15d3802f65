"""One directory for the figures of all processes on a host, chosen before `metrics` is imported,
which reads its name.
"""

import os
import sys
from pathlib import Path

NAME = "PROMETHEUS_MULTIPROC_DIR"
EX_CONFIG = 78  # as for any bad setting


def use_shared_folder(folder: Path) -> None:
    """Let this process count in a folder that web, worker and scheduler share, unless the
    environment names another.

    One that cannot be written to ends the process with a line that says what to do: each process
    would count for itself, and a page would show whichever of them answered.
    """
    chosen = Path(os.environ.get(NAME) or folder / "metrics").absolute()
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        (chosen / "directory.lock").touch()
    except OSError as error:
        problem = (
            f"{chosen} is for the metrics of all processes "
            f"and cannot be written to ({error.strerror})"
        )
        sys.stderr.write(
            f"gatte: bad setting: {NAME}: {problem}: set it to a folder that they share\n"
        )
        raise SystemExit(EX_CONFIG) from None
    os.environ[NAME] = str(chosen)
