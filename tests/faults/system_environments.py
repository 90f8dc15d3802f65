"""Systems of their own for tests that need other settings, several workers, or stores that may be
broken.
"""

from tests import process_system
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta

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
