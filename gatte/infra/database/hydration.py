"""Rows that a statement written by hand has read, as objects of the session: what the ORM would
have loaded, at a fraction of its price.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Table, inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from gatte.extensions import Base, db

Model = TypeVar("Model", bound=Base)


@lru_cache(maxsize=32)
def _columns(model: type[Base]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """For each column of a table, in their order: what the model calls it, and what makes a value
    of what the driver gives.
    """
    dialect = db.engine.dialect
    mapper = cast("Any", inspect(model))
    columns = []
    for column in mapper.local_table.columns:
        key = mapper.get_property_by_column(column).key
        processor = column.type.dialect_impl(dialect).result_processor(dialect, None)
        columns.append((key, processor))
    return columns


def column_list(model: type[Base], prefix: str = "") -> str:
    """The columns of a table as a statement names them, for `hydrate`; with a prefix before each
    name when two tables share names.
    """
    table = cast("Table", model.__table__)
    return ", ".join(
        f'{table.name}.{column.name} AS "{prefix}{column.name}"' for column in table.columns
    )


def hydrate(model: type[Model], values: Sequence[Any]) -> Model | None:
    """A row of the session made of the values of `column_list`, as if the ORM had loaded it; None
    when the session has it already.
    """
    row: Any = model()
    for (key, made_of), value in zip(_columns(model), values, strict=True):
        set_committed_value(row, key, value if made_of is None else made_of(value))
    make_transient_to_detached(row)
    if inspect(row).key in db.session.identity_map:
        return None
    db.session.add(row)
    return cast("Model", row)
