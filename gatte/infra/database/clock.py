"""Times by the database's clock, which all hosts share: for columns of objects and for ORM
statements.
"""

from typing import Any

from sqlalchemy import ColumnElement, func

DB_NOW: Any = func.clock_timestamp()
"""The time of the database when the statement runs."""


def seconds_from_now(seconds: float) -> ColumnElement[Any]:
    """The time of the database when the statement runs, and so many seconds more."""
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
