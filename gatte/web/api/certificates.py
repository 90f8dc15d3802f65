"""Digital certificates of customers: noted by the company's own systems, and kept up to date."""

from datetime import date
from typing import Annotated
from uuid import UUID

from flask import url_for
from pydantic import AfterValidator, Field, field_validator

from gatte.conversation.parsing.documents import find_document
from gatte.desk import certificates as desk
from gatte.extensions import db
from gatte.models import Certificate, CertificateStatus, Scope, keyring
from gatte.store import certificates as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.contacts import require_contact
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import ApiModel, Line, Moment, PageQuery, UpdatedSince

TAG = "certificates"
PLACE = "/certificates/<uuid:certificate_id>"
NEVER_NULL = ("kind", "valid_until", "status")


def _plain_document(text: str) -> str:
    found = find_document(text).value
    if found is None:
        raise ValueError("is no CPF or CNPJ: its check digits do not fit")
    return found


def _storable(day: date) -> date:
    if not 2000 <= day.year < 2100:
        raise ValueError("is not between 2000 and 2099")
    return day


Document = Annotated[Line, AfterValidator(_plain_document)]
Day = Annotated[date, AfterValidator(_storable)]


class CertificateResource(ApiModel):
    """A certificate that was issued to a contact; `kind` is how people call it (e-CNPJ A1)."""

    id: UUID
    contact_id: UUID
    kind: str
    status: CertificateStatus
    holder: str | None
    document: str | None = Field(description="CPF or CNPJ without punctuation.")
    serial_number: str | None
    issuer: str | None
    issued_on: date | None
    valid_until: date
    created_at: Moment
    updated_at: Moment


class CertificatePage(ApiModel):
    items: list[CertificateResource]
    next_cursor: str | None


class CertificateListQuery(PageQuery):
    contact_id: UUID | None = None
    status: CertificateStatus | None = None
    ends_before: Day | None = Field(None, description="Only those valid until before this day.")
    updated_since: UpdatedSince = None


class NewCertificate(ApiModel):
    contact_id: UUID
    kind: Line
    valid_until: Day
    status: CertificateStatus = CertificateStatus.ACTIVE
    holder: Line | None = None
    document: Document | None = None
    serial_number: Line | None = None
    issuer: Line | None = None
    issued_on: Day | None = None


class CertificateChange(ApiModel):
    """What is to be changed; what is left out stays."""

    kind: Line | None = None
    valid_until: Day | None = None
    status: CertificateStatus | None = None
    holder: Line | None = None
    document: Document | None = None
    serial_number: Line | None = None
    issuer: Line | None = None
    issued_on: Day | None = None

    @field_validator(*NEVER_NULL)
    @classmethod
    def _is_given(cls, value: object) -> object:
        if value is None:
            raise ValueError("cannot be null")
        return value


def certificate_resource(row: Certificate) -> CertificateResource:
    """A certificate as the API shows it."""
    return CertificateResource(
        id=row.id,
        contact_id=row.contact_id,
        kind=row.kind,
        status=row.status,
        holder=row.holder,
        document=row.document,
        serial_number=row.serial_number,
        issuer=row.issuer,
        issued_on=row.issued_on,
        valid_until=row.valid_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@Endpoint("GET", "/certificates", TAG, Scope.CERTIFICATES_READ, CertificatePage)
def list_certificates(query: CertificateListQuery) -> CertificatePage:
    """Certificates, the one that ends first before the others."""
    after = read_cursor(query)
    found = stored.list_page(
        contact_id=query.contact_id,
        status=query.status,
        ends_before=query.ends_before,
        updated_since=query.updated_since,
        after=(date.fromisoformat(after[0]), UUID(after[1])) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda row: [row.valid_until.isoformat(), str(row.id)])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_list("certificate", [row.id for row in shown])
    return CertificatePage(items=[certificate_resource(one) for one in shown], next_cursor=cursor)


@Endpoint(
    "POST",
    "/certificates",
    TAG,
    Scope.CERTIFICATES_WRITE,
    CertificateResource,
    201,
    (404,),
    idempotent=True,
)
def create_certificate(json: NewCertificate) -> Answer:
    """Note a certificate that was issued to a contact."""
    contact = require_contact(json.contact_id)
    row = desk.create(contact, json.model_dump(exclude={"contact_id"}), current_user_id())
    place = url_for("api.get_certificate", certificate_id=row.id)
    return single(certificate_resource(row), 201, {"Location": place})


@Endpoint("GET", PLACE, TAG, Scope.CERTIFICATES_READ, CertificateResource)
def get_certificate(certificate_id: UUID) -> Answer:
    """One certificate."""
    row = stored.find_certificate(certificate_id)
    if row is None:
        raise not_found("certificate")
    audit_read(f"certificate:{row.id}")
    return single(certificate_resource(row))


@Endpoint("PATCH", PLACE, TAG, Scope.CERTIFICATES_WRITE, CertificateResource, conditional=True)
def change_certificate(certificate_id: UUID, json: CertificateChange) -> Answer:
    """Change what is known of a certificate: its status after a renewal, for example."""
    row = stored.get_locked(certificate_id)
    require_match(certificate_resource(row))
    desk.change(certificate_id, json.model_dump(exclude_unset=True), current_user_id())
    db.session.flush()
    return single(certificate_resource(row))
