"""Contacts: listed, searched, read; their notices and their mute changed."""

import re
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gatte.desk import contacts as desk
from gatte.extensions import db
from gatte.intake.contact_identity import search_hashes
from gatte.models import ConsentSource, Contact, MuteReason, Scope, keyring
from gatte.models.name_words import name_words
from gatte.store import contacts as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import seal_answer_with
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import NO_NUL, ApiModel, Moment, PageQuery, UpdatedSince
from gatte.web.panel.formatting import now

TAG = "contacts"
MARKS = re.compile(r"[\s().+/-]")
MOST_FOUND = 50
Sought = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100, pattern=NO_NUL)
]


class ContactResource(ApiModel):
    """A person who writes to the company. Erased values are null."""

    id: UUID
    name: str | None
    phone: str | None = Field(description="Digits with the country's code, as WhatsApp knows it.")
    email: str | None
    document: str | None = Field(description="CPF or CNPJ without punctuation.")
    opted_out_at: Moment | None = Field(description="Since when they want no notices.")
    muted_until: Moment | None = Field(description="Until when the bot answers nothing.")
    created_at: Moment
    updated_at: Moment


class ContactPage(ApiModel):
    items: list[ContactResource]
    next_cursor: str | None


class ContactListQuery(PageQuery):
    opted_out: bool | None = Field(None, description="Only those who want no notices, or do.")
    updated_since: UpdatedSince = None


class ContactSearch(ApiModel):
    """Exactly one of the three: a whole phone, a whole document, or words of the name."""

    phone: Sought | None = None
    document: Sought | None = None
    name: Sought | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "ContactSearch":
        given = [value for value in (self.phone, self.document, self.name) if value is not None]
        if len(given) != 1:
            raise ValueError("give one of phone, document and name")
        return self


class ContactChange(ApiModel):
    """What is to be changed; what is left out stays."""

    opted_out: bool | None = None
    mute_hours: int | None = Field(
        None,
        ge=0,
        le=24 * 365,
        description="The bot answers nothing for so long; 0: it does again.",
    )


def contact_resource(contact: Contact) -> ContactResource:
    """A contact as the API shows it."""
    return ContactResource(
        id=contact.id,
        name=contact.name,
        phone=contact.phone,
        email=contact.email,
        document=contact.document,
        opted_out_at=contact.opted_out_at,
        muted_until=contact.muted_until,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )


@Endpoint("GET", "/contacts", TAG, Scope.CONTACTS_READ, ContactPage)
def list_contacts(query: ContactListQuery) -> ContactPage:
    """Contacts, the newest first."""
    after = read_cursor(query)
    found = stored.list_page(
        opted_out=query.opted_out,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda contact: [str(contact.id)])
    return ContactPage(items=_resources(list(shown)), next_cursor=cursor)


@Endpoint("POST", "/contacts/search", TAG, Scope.CONTACTS_READ, ContactPage)
def search_contacts(json: ContactSearch) -> ContactPage:
    """Contacts by phone, document or name, the newest first.

    What is sought travels in the body, so that no address and no log holds it. Phones and documents
    are found whole, with or without punctuation; names by whole words. At most 50 are found.
    """
    if json.name is not None:
        words = name_words(json.name)
        found = stored.list_by_words(words, MOST_FOUND) if words else []
    else:
        number = MARKS.sub("", json.phone or json.document or "").upper()
        found = stored.list_by_hashes(search_hashes(number), MOST_FOUND)
    return ContactPage(items=_resources(list(found)), next_cursor=None)


@Endpoint("GET", "/contacts/<uuid:contact_id>", TAG, Scope.CONTACTS_READ, ContactResource)
def get_contact(contact_id: UUID) -> Answer:
    """One contact."""
    contact = stored.find_contact(contact_id)
    if contact is None:
        raise not_found("contact")
    audit_read(f"contact:{contact.id}")
    return single(contact_resource(contact))


@Endpoint(
    "PATCH",
    "/contacts/<uuid:contact_id>",
    TAG,
    Scope.CONTACTS_WRITE,
    ContactResource,
    conditional=True,
)
def change_contact(contact_id: UUID, json: ContactChange) -> Answer:
    """Change whether a contact gets notices, and whether the bot answers them."""
    contact = stored.find_locked(contact_id)
    if contact is None:
        raise not_found("contact")
    require_match(contact_resource(contact))
    if json.opted_out is not None:
        opted_out = json.opted_out
        desk.set_opted_out(contact, current_user_id(), ConsentSource.API, opted_out=opted_out)
    if json.mute_hours == 0:
        stored.unmute(contact, current_user_id())
    elif json.mute_hours:
        until = now() + timedelta(hours=json.mute_hours)
        stored.mute(contact, MuteReason.BY_HAND, until, current_user_id())
    db.session.flush()
    return single(contact_resource(contact))


def require_contact(contact_id: UUID) -> Contact:
    """The contact that a request is about; a Problem (422) when there is none."""
    contact = stored.find_contact(contact_id)
    if contact is None or contact.data_key_id is None:
        raise not_found("contact")
    seal_answer_with(contact.data_key_id)
    return contact


def _resources(found: list[Contact]) -> list[ContactResource]:
    keyring().preload({one.data_key_id for one in found if one.data_key_id is not None})
    audit_list("contact", [contact.id for contact in found])
    return [contact_resource(contact) for contact in found]
