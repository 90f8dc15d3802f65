"""Systems of their own for tests that need other settings, several workers, or stores that may be
broken.
"""

from pathlib import Path

from tests import process_system
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""Of Debian's package faketime; None without it."""
TOKEN = "meta-token-of-the-tests"


def environment(
    database_url: str, redis_url: str, meta: FakeMeta, gemini: FakeGemini, **more: str
) -> dict[str, str]:
    """The settings of a system over the stand-ins that does not wait long."""
    given = {
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_API_BASE_URL": meta.url,
        "GEMINI_API_KEY": "gemini-key-of-the-tests",
        "GEMINI_BASE_URL": gemini.url,
        "GATTE_QUIET_SECONDS": "0.2",
        "GATTE_UNCERTAIN_GRACE_SECONDS": "3",
        "GATTE_LEASE_SECONDS": "8",
        "WEB_CONCURRENCY": "1",
    }
    return process_system.settings(database_url, redis_url, **given | more)


def wrong_clock(file: Path) -> dict[str, str]:
    """The environment of a process whose wall clock (not its monotonic one) is what a file says;
    nothing without libfaketime.
    """
    if LIBRARY is None:
        return {}
    path = f"{process_system.PROJECT}:{Path(__file__).parent / 'wrong_clock'}"
    how = {
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return {"LD_PRELOAD": str(LIBRARY), "PYTHONPATH": path, **how}
