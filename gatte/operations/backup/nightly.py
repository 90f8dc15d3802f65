"""The backups of the night, in processes of their own: compressing and encrypting take a processor,
and the turns of the worker that started this shall have theirs.
"""

import sys
from collections.abc import Mapping

from gatte.operations.backup import programs
from gatte.settings import Settings

COMMAND = ("nice", "-n", "10", sys.executable, "-m", "flask", "backup")


def run(settings: Settings) -> Mapping[str, object]:
    """Make a dump, a base backup where a point in time is wanted, and prune; what each of the
    commands said last. Nothing without a destination. ProgramFailed when one fails; those after it
    are not run.
    """
    if not settings.gatte_backup_destination:
        return {"skipped": "GATTE_BACKUP_DESTINATION is empty"}
    result = {"dump": _last_line(programs.run([*COMMAND, "create"]))}
    if settings.gatte_backup_point_in_time:
        result["base"] = _last_line(programs.run([*COMMAND, "create", "--kind", "base"]))
    result["pruned"] = _last_line(programs.run([*COMMAND, "prune"]))
    return result


def _last_line(said: str) -> str:
    """What a command says of its result, behind whatever it logged."""
    lines = said.strip().splitlines()
    return lines[-1] if lines else ""
