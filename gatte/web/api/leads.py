"""Leads: listed, read, moved along."""

from uuid import UUID

from pydantic import Field

from gatte.desk import leads as desk
from gatte.extensions import db
from gatte.models import Lead, LeadStage, Scope, keyring
from gatte.store import leads as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import ApiModel, Moment, PageQuery, RowNumber, UpdatedSince
from gatte.web.api.tickets import require_user

TAG = "leads"
PLACE = "/leads/<uuid:lead_id>"


class LeadResource(ApiModel):
    """A person who wants to buy or renew a certificate."""

    id: UUID
    contact_id: UUID
    conversation_id: UUID | None
    stage: LeadStage
    owner_id: int | None = Field(description="The person of the desk who follows it up.")
    product: str
    renewal_of: str | None
    name: str | None
    company: str | None
    document: str | None = Field(description="CPF or CNPJ without punctuation.")
    email: str | None
    created_at: Moment
    updated_at: Moment


class LeadPage(ApiModel):
    items: list[LeadResource]
    next_cursor: str | None


class LeadListQuery(PageQuery):
    stage: LeadStage | None = None
    owner_id: RowNumber | None = None
    contact_id: UUID | None = None
    updated_since: UpdatedSince = None


class LeadChange(ApiModel):
    """What is to be changed; what is left out stays. `owner_id` null: nobody."""

    stage: LeadStage | None = None
    owner_id: RowNumber | None = None


def lead_resource(lead: Lead) -> LeadResource:
    """A lead as the API shows it."""
    return LeadResource(
        id=lead.id,
        contact_id=lead.contact_id,
        conversation_id=lead.conversation_id,
        stage=lead.stage,
        owner_id=lead.owner_id,
        product=lead.product,
        renewal_of=lead.renewal_of,
        name=lead.name,
        company=lead.company,
        document=lead.document,
        email=lead.email,
        created_at=lead.created_at,
        updated_at=lead.updated_at,
    )


@Endpoint("GET", "/leads", TAG, Scope.LEADS_READ, LeadPage)
def list_leads(query: LeadListQuery) -> LeadPage:
    """Leads, the newest first."""
    after = read_cursor(query)
    found = stored.list_page(
        stage=query.stage,
        owner_id=query.owner_id,
        contact_id=query.contact_id,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda lead: [str(lead.id)])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_list("lead", [lead.id for lead in shown])
    return LeadPage(items=[lead_resource(one) for one in shown], next_cursor=cursor)


@Endpoint("GET", PLACE, TAG, Scope.LEADS_READ, LeadResource)
def get_lead(lead_id: UUID) -> Answer:
    """One lead."""
    lead = stored.find_with_people(lead_id)
    if lead is None:
        raise not_found("lead")
    audit_read(f"lead:{lead.id}")
    return single(lead_resource(lead))


@Endpoint("PATCH", PLACE, TAG, Scope.LEADS_WRITE, LeadResource, conditional=True)
def change_lead(lead_id: UUID, json: LeadChange) -> Answer:
    """Set how far the sale has come, and who follows it up."""
    lead = stored.get_locked(lead_id)
    require_match(lead_resource(lead))
    if "owner_id" in json.model_fields_set:
        desk.assign(lead_id, require_user(json.owner_id), current_user_id())
    if json.stage is not None:
        desk.set_stage(lead_id, json.stage, current_user_id())
    db.session.flush()
    return single(lead_resource(lead))
