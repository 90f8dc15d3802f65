"""A copy of all that is kept of a contact (LGPD art. 18, II and art. 19), as JSON and as a page
that people can read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import render_template

from gatte import services
from gatte.data_rights import data_map, exported_files
from gatte.extensions import Base, db
from gatte.models import Contact
from gatte.models.sealing import EncryptedColumn
from gatte.store import erasures
from gatte.store.erasures import NoSuchContact

FORMAT = 1
MEDIA_TABLE = "media_file"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class ContactExport:
    """All that is kept of a contact: the rows of each table with their personal values opened."""

    contact_id: UUID
    made_at: datetime
    company: str
    tables: Mapping[str, Sequence[Record]]


def collect(contact_id: UUID) -> ContactExport:
    """Read all that is kept of a contact; NoSuchContact when there is none."""
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NoSuchContact(str(contact_id))
    tables: dict[str, Sequence[Record]] = {}
    for model in _models_of_contact():
        rows = erasures.list_rows(model, contact_id)
        if rows:
            tables[model.__tablename__] = [_record(row) for row in rows]
    if MEDIA_TABLE in tables:
        tables[MEDIA_TABLE] = _with_names(tables[MEDIA_TABLE], contact_id)
    settings = services.settings()
    return ContactExport(contact_id, datetime.now(UTC), settings.gatte_company_name, tables)


def _models_of_contact() -> list[type[Base]]:
    """The models of the tables whose rows belong to a contact, in the order of their tables."""
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return [models[table.name] for table in erasures.tables_of_contact()]


def _record(row: Any) -> Record:  # noqa: ANN401 - any model
    """What a row tells: sealed values in the clear, keyed hashes and keys left out."""
    model = type(row)
    sealed = {
        column.column: name
        for name, column in vars(model).items()
        if isinstance(column, EncryptedColumn)
    }
    values: dict[str, Any] = {}
    for column in model.__table__.columns:
        if column.name in sealed:
            values[sealed[column.name]] = getattr(row, sealed[column.name])
        elif column.name in data_map.told_columns(model.__tablename__):
            values[column.name] = getattr(row, column.key)
    return {name: value for name, value in values.items() if value is not None}


def _with_names(records: Sequence[Record], contact_id: UUID) -> list[Record]:
    """The records of files, each with the name of its file beside the copy where there is one."""
    names = {file.row.id: file.name for file in exported_files.list_files(contact_id)}
    return [
        {**record, "file": names[record["id"]]} if record["id"] in names else record
        for record in records
    ]


def to_json(export: ContactExport) -> str:
    """The copy as JSON: versioned, times in UTC (ISO 8601)."""
    content = {
        "format": FORMAT,
        "company": export.company,
        "contact": str(export.contact_id),
        "made_at": export.made_at.isoformat(),
        "data": export.tables,
    }
    return json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def to_html(export: ContactExport) -> str:
    """The copy as a page in Portuguese, whole in one file."""
    zone = services.settings().time_zone
    return render_template(
        "export.html",
        company=export.company,
        made_at=f"{export.made_at.astimezone(zone):%d/%m/%Y às %H:%M}",
        sections=[
            (data_map.TABLES[name], [_shown(row) for row in rows])
            for name, rows in export.tables.items()
            if data_map.TABLES[name].is_told
        ],
    )


def _shown(record: Record) -> list[tuple[str, str]]:
    """A row as people read it: what each value is, and the value."""
    return [
        (data_map.COLUMN_TITLES.get(name, name), _shown_value(value))
        for name, value in record.items()
        if name in data_map.COLUMN_TITLES
    ]


def _shown_value(value: object) -> str:
    if isinstance(value, datetime):
        zone = services.settings().time_zone
        return f"{value.astimezone(zone):%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
