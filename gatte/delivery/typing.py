"""Blue ticks and "typing…": a courtesy beside the turn, which neither waits for it nor fails with it."""

from concurrent.futures import ThreadPoolExecutor

import structlog

from gatte.delivery import client_for
from gatte.whatsapp.channel import Channel, SendFailed

log = structlog.get_logger(__name__)

AT_ONCE = 8
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="typing")


def show(phone_number_id: str, wamids: list[str]) -> None:
    """Mark the newest of these messages (and with it the earlier ones) as read, and show that an answer is being written."""
    if wamids:
        _threads.submit(_mark, client_for(phone_number_id), phone_number_id, wamids[-1])


def _mark(channel: Channel, phone_number_id: str, wamid: str) -> None:
    try:
        channel.mark_read(phone_number_id, wamid, typing=True)
    except SendFailed as error:
        log.info("read_mark_failed", error=type(error).__name__)
