from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from gatte.extensions import db
from gatte.models import Certificate, Contact
from gatte.models.columns import new_uuid7
from gatte.store import contacts
from tests.app_fixture import application
from tests.integration.notices.many_certificates import ZONE, add_certificates, sync_templates

TODAY = date(2018, 5, 10)
NOW = datetime(2018, 5, 10, 9, tzinfo=ZONE)


@pytest.fixture(scope="module")
def app(database_url, redis_url) -> Iterator[Flask]:
    """An application whose simulated templates are synced."""
    with application(database_url, redis_url) as made:
        with made.app_context():
            sync_templates()
        yield made


@pytest.fixture(autouse=True)
def clean(app) -> Iterator[None]:
    """Each test begins without contacts."""
    yield
    with app.app_context():
        db.session.execute(db.delete(Contact))
        db.session.commit()


def certificate(days: int) -> Certificate:
    """A certificate that ends so many days after TODAY."""
    ids = add_certificates([TODAY + timedelta(days=days)])
    return db.session.get_one(Certificate, ids[0])


def contact_with_phone(phone: str = "5511988887777") -> Contact:
    contact = contacts.create_contact()
    contact.phone = phone
    contact.name = "Joana Prado"
    db.session.commit()
    return contact


def another(one: Certificate, days: int) -> UUID:
    """Another certificate of the same contact."""
    row = Certificate(
        id=new_uuid7(),
        data_key_id=one.data_key_id,
        contact_id=one.contact_id,
        kind="e-CPF A3",
        valid_until=TODAY + timedelta(days=days),
        status="active",
    )
    db.session.add(row)
    db.session.commit()
    return row.id
