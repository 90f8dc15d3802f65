"""Secrets that stand in files, as Docker and Kubernetes mount them: NAME_FILE names the file that
holds the value of the setting NAME.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SUFFIX = "_file"
MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class UnusableFile:
    """Stands for the value of a setting whose file cannot be used; `problem` says why, without any
    content.
    """

    problem: str


def read_secret_files(
    names: Iterable[str], given: Mapping[str, str | None]
) -> dict[str, str | UnusableFile]:
    """The values of those settings that are given by a file; `given` has environment and .env,
    names in small letters.

    An empty file is as good as no setting. A setting that is given in both ways is refused, since
    nobody could tell which one holds.
    """
    found: dict[str, str | UnusableFile] = {}
    for name in names:
        file_name = name + SUFFIX
        path = given.get(file_name)
        if path and given.get(name):
            problem = f"is given itself and by {file_name.upper()}: leave out one of them"
            found[name] = UnusableFile(problem)
        elif path and (value := _value(Path(path))):
            found[name] = value
    return found


def _value(path: Path) -> str | UnusableFile:
    try:
        return _content(path)
    except (OSError, ValueError) as error:
        return UnusableFile(f"{path} cannot be read ({_reason(error)})")


def _content(path: Path) -> str:
    """A file's text, without the line break that editors put at its end."""
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError("too long for a secret")
    return raw.decode("utf-8").rstrip("\r\n")


def _reason(error: OSError | ValueError) -> str:
    """Why a file cannot be used, without any of its content."""
    if isinstance(error, UnicodeDecodeError):
        return "not a text in UTF-8"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
