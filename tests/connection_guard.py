"""Tells when somebody who holds a connection of a pool asks it for another one: many who do so at
once wait for each other for ever.
"""

import threading
from collections import Counter
from typing import Any

from flask import g, has_app_context
from sqlalchemy import event
from sqlalchemy.engine import Engine


class HoldsAnother(AssertionError):
    """A second connection was asked for while the first was held."""


def forbid_a_second_connection(engine: Engine) -> None:
    """Let HoldsAnother be raised where it happens, in one thread and one application context."""
    held: Counter[tuple[int, int]] = Counter()
    lock = threading.Lock()

    @event.listens_for(engine, "checkout")
    def _taken(_: Any, record: Any, __: Any) -> None:
        holder = threading.get_ident(), id(g._get_current_object()) if has_app_context() else 0
        with lock:
            another = held[holder]
            if not another:
                held[holder] += 1
                record.info["holder"] = holder
        if another:
            raise HoldsAnother("this thread holds a connection of the pool already")

    @event.listens_for(
        engine, "detach"
    )  # what leaves the pool for good is not held: the pool makes another
    @event.listens_for(engine, "checkin")
    def _given_back(_: Any, record: Any) -> None:
        with lock:
            holder = record.info.pop("holder", None)
            if holder is not None:
                del held[holder]
