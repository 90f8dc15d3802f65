"""What a check found amiss."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How a check ended: a failed one means that the installation is not fit for production."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """Something amiss: its code, which names a text, and the values that stand in it."""

    status: CheckStatus
    code: str
    values: Mapping[str, object]


Check = Callable[[], list[Finding]]


def failure(code: str, **values: object) -> Finding:
    """Something that must be put right."""
    return Finding(CheckStatus.FAIL, code, values)


def warning(code: str, **values: object) -> Finding:
    """Something that may be meant, or that can wait."""
    return Finding(CheckStatus.WARN, code, values)


def age_in_words(seconds: float) -> str:
    """A length of time in its largest unit, such as `3 h`."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
