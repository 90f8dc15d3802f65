"""How a customer would meet the desk now."""

from datetime import datetime

from gatte.business_hours import BusinessHours
from gatte.conversation.snapshot import DeskFacts


def desk_facts(
    now: datetime,
    hours: BusinessHours,
    ahead_by_priority: tuple[int, ...],
    minutes_each: float | None,
) -> DeskFacts:
    """The desk as a customer would meet it now; nobody waits by the minute for a desk that is
    closed.
    """
    if hours.is_open(now):
        return DeskFacts(ahead_by_priority=ahead_by_priority, minutes_each=minutes_each)
    opens_at = hours.next_opening(now)
    return DeskFacts(open=False, opens_at=opens_at, ahead_by_priority=ahead_by_priority)
