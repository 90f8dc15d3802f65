"""What `create_app` made for the running application, by name and with its type.

Rooms of every height use this, so it imports none of them but for the types.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from redis import Redis

    from gatte.delivery.number_pause import PauseCache
    from gatte.delivery.rate_limiter import FallbackRateLimiter
    from gatte.desk.login_attempts import LoginAttempts
    from gatte.infra.redis.fail_fast import FailFastRedis
    from gatte.intake.receive import InboxReceiver
    from gatte.intelligence.gemini.client import Gemini
    from gatte.intelligence.service import LocalModels
    from gatte.models.sealing import Keyring
    from gatte.settings import Settings
    from gatte.whatsapp.client import CloudClient
    from gatte.whatsapp.media import MediaClient
    from gatte.whatsapp.simulator import SimulatorClient


def settings() -> "Settings":
    """The settings, checked at the start."""
    return cast("Settings", current_app.extensions["gatte_settings"])


def keyring() -> "Keyring":
    """The opened data keys of this process."""
    return cast("Keyring", current_app.extensions["gatte_keyring"])


def redis() -> "Redis":
    """The client of Redis that waits and tries again: for the queue."""
    return cast("Redis", current_app.extensions["gatte_redis"])


def fail_fast_redis() -> "FailFastRedis":
    """The client of Redis that gives up at once: for what a turn can do without."""
    return cast("FailFastRedis", current_app.extensions["gatte_memory"])


def login_attempts() -> "LoginAttempts":
    """The failed logins of the last day."""
    return cast("LoginAttempts", current_app.extensions["gatte_login_attempts"])


def inbox_receiver() -> "InboxReceiver":
    """What stores the bodies of webhooks."""
    return cast("InboxReceiver", current_app.extensions["gatte_inbox"])


def webhook_store() -> Callable[[bytes], object]:
    """What stores the body of a webhook, for the simulator's statuses."""
    return cast("Callable[[bytes], object]", current_app.extensions["gatte_store_webhook"])


def gemini() -> "Gemini | None":
    """The client of Gemini; None without a key for it."""
    return cast("Gemini | None", current_app.extensions["gatte_gemini"])


def local_models() -> "LocalModels":
    """The models that run in this process."""
    return cast("LocalModels", current_app.extensions["gatte_local_models"])


def cloud_client() -> "CloudClient | None":
    """The client of the WhatsApp Cloud API; None without an access token."""
    return cast("CloudClient | None", current_app.extensions["gatte_cloud"])


def media_client() -> "MediaClient | None":
    """The client that fetches media from Meta; None without an access token."""
    return cast("MediaClient | None", current_app.extensions["gatte_media"])


def simulator_client() -> "SimulatorClient":
    """What takes the replies to customers of the simulator."""
    return cast("SimulatorClient", current_app.extensions["gatte_simulator"])


def rate_limiter() -> "FallbackRateLimiter":
    """How fast replies may leave."""
    return cast("FallbackRateLimiter", current_app.extensions["gatte_pacer"])


def pause_cache() -> "PauseCache":
    """The numbers that pause, as this process knows them."""
    return cast("PauseCache", current_app.extensions["gatte_pauses"])
