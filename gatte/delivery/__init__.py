"""What must go out: answers wait in the outbox, leave in order, and are settled when their outcome
is in doubt.

`store.outbox.enqueue` keeps an answer in the transaction that decided it; `send` claims, sends and
records one at a time a conversation, and `status_updates` settles what became of it. `rate_limiter`
says how fast, `number_pause` when a number must not send at all, `service_window` what becomes of
an answer that comes more than 24 hours after the customer's last message, `failure_reasons` why one
did not get through. No transaction is open while Meta is asked. May use `whatsapp` and the store.
Start reading at `send`.
"""

from collections.abc import Callable

from flask import Flask

from gatte import services
from gatte.delivery import number_pause, rate_limiter
from gatte.settings import Settings
from gatte.whatsapp.client import CloudClient
from gatte.whatsapp.media import MediaClient
from gatte.whatsapp.simulator import SIMULATOR_NUMBER as SIMULATOR_NUMBER
from gatte.whatsapp.simulator import SimulatorClient


def init_app(app: Flask, settings: Settings, store_webhook: Callable[[bytes], object]) -> None:
    """Give the application its ways to WhatsApp: the Cloud API when there is a token, the simulator
    always.

    What the simulator reports of a reply comes back through `store_webhook`, as Meta's reports do.
    """
    app.extensions["gatte_store_webhook"] = store_webhook
    token = settings.whatsapp_access_token.get_secret_value()
    rate_limiter.init_app(app, settings)
    number_pause.init_app(app)
    app.extensions["gatte_simulator"] = SimulatorClient()
    api = settings.whatsapp_api_base_url, settings.whatsapp_api_version, token
    app.extensions["gatte_cloud"] = CloudClient(*api) if token else None
    app.extensions["gatte_media"] = MediaClient(*api) if token else None


def client_for(phone_number_id: str) -> CloudClient | SimulatorClient:
    """The way to a number's customers; without an access token every number is simulated."""
    cloud = services.cloud_client()
    simulator = services.simulator_client()
    return simulator if cloud is None or phone_number_id == SIMULATOR_NUMBER else cloud


def media_for(phone_number_id: str) -> MediaClient | None:
    """The way to the files that a number's customers sent; None for a simulated number, whose
    customers' files do not exist.
    """
    media = services.media_client()
    return None if phone_number_id == SIMULATOR_NUMBER else media
