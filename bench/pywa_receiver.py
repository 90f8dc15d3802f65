"""What intake is compared with: a Flask receiver on pywa that checks signatures, parses, calls a
handler, and stores nothing.

The handler counts in a file of its process, since pywa answers 200 to what it could not parse as
well: a request that reached no handler was no full work.
"""

import os
import struct
from mmap import mmap
from pathlib import Path
from threading import Lock

from flask import Flask
from pywa.client import WhatsApp
from pywa.handlers import MessageHandler
from pywa.types.message import Message

COUNTS = "BENCH_COUNTS"
SIZE = 8


class Counter:
    """How often it was called in this process; written where others can read it."""

    def __init__(self, folder: Path) -> None:
        path = folder / str(os.getpid())
        path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._kept = mmap(file.fileno(), SIZE)
        self._count = 0
        self._lock = Lock()

    def __call__(self, _: WhatsApp, message: Message) -> None:
        with self._lock:
            self._count += message.text is not None
            self._kept[:] = struct.pack("<q", self._count)


def handled(folder: Path) -> int:
    """How many messages all processes handled so far."""
    return sum(struct.unpack("<q", path.read_bytes())[0] for path in folder.iterdir())


def create() -> Flask:
    """The receiver, settings from the environment as ours."""
    app = Flask(__name__)
    whatsapp = WhatsApp(
        phone_id=os.environ["WHATSAPP_PHONE_NUMBER_ID"],
        token="unused",  # noqa: S106 - it sends nothing
        server=app,
        webhook_endpoint="/webhook/whatsapp",
        verify_token=os.environ["WHATSAPP_VERIFY_TOKEN"],
        app_secret=os.environ["WHATSAPP_APP_SECRET"],
    )
    whatsapp.add_handlers(MessageHandler(Counter(Path(os.environ[COUNTS]))))
    return app
