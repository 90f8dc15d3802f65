"""Column kinds that the tables share."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import TIMESTAMP, Enum, FetchedValue, text
from sqlalchemy.orm import mapped_column


def new_uuid7() -> UUID:
    """A fresh row id: UUID version 7 (RFC 9562), so that ids made later sort later."""
    return uuid_utils.compat.uuid7()


def string_enum(values: type[StrEnum], name: str = "") -> Enum:
    """Text that is one of the values of an enumeration, checked by the database; `name` tells two
    checks of a table apart.
    """
    name = name or "".join(
        f"_{letter.lower()}" if letter.isupper() else letter for letter in values.__name__
    ).lstrip("_")
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda enum: [item.value for item in enum],
    )


def sql_list(values: Iterable[StrEnum]) -> str:
    """Values of an enumeration as they stand behind IN in a statement: `('customer', 'phone')`."""
    return f"({', '.join(repr(value.value) for value in values)})"


Timestamp = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
CreatedAt = Annotated[
    datetime, mapped_column(TIMESTAMP(timezone=True), server_default=text("now()"))
]
ChangedAt = Annotated[
    datetime,
    mapped_column(
        TIMESTAMP(timezone=True), server_default=text("now()"), server_onupdate=FetchedValue()
    ),
]
"""Set by a trigger of the database whenever anything of the row changes."""
Version = Annotated[int, mapped_column(server_default=text("1"))]
"""Grows with every change that a person makes in a form, so that a form of an older version is not
saved over it.
"""
RowId = Annotated[UUID, mapped_column(primary_key=True, default=new_uuid7)]
