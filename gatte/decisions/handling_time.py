"""How fast the desk serves: the recent handling times of its people, and how many of them are at
work.
"""

import time
from dataclasses import dataclass

from flask import current_app

from gatte.store import audit

CACHE_SECONDS = 30.0
MIN_HANDLED = 5  # fewer say nothing of the next one


@dataclass
class HandlingTime:
    """What this process knows of the pace, and since when."""

    minutes_each: float | None = None
    asked_at: float = -CACHE_SECONDS


def minutes_per_customer() -> float | None:
    """Minutes that the desk as a whole takes for a customer; None when too few were handled lately,
    or nobody is at work.
    """
    known: HandlingTime = current_app.extensions.setdefault("gatte_pace", HandlingTime())
    if time.monotonic() - known.asked_at >= CACHE_SECONDS:
        known.asked_at = time.monotonic()
        known.minutes_each = _measured()
    return known.minutes_each


def _measured() -> float | None:
    recent = audit.measure_handling_times()
    minutes = float(recent.minutes or 0)
    agents = int(recent.agents)
    if recent.handled < MIN_HANDLED or not agents:
        return None
    return round(minutes / agents, 2)
