"""All flows by name."""

from gatte.conversation.flows.appointment_changes import (
    APPOINTMENT_STATUS,
    CANCEL_APPOINTMENT,
    MOVE_APPOINTMENT,
)
from gatte.conversation.flows.base import Flow, FlowName
from gatte.conversation.flows.certificate_status import CERTIFICATE_STATUS
from gatte.conversation.flows.data_rights import DATA_RIGHTS
from gatte.conversation.flows.lead import LEAD
from gatte.conversation.flows.notices import OPT_IN, OPT_OUT
from gatte.conversation.flows.renewal import RENEWAL
from gatte.conversation.flows.schedule import SCHEDULE
from gatte.conversation.flows.ticket import TICKET
from gatte.conversation.flows.ticket_status import TICKET_STATUS

FLOWS: dict[str, Flow] = {
    flow.name: flow
    for flow in (
        LEAD,
        RENEWAL,
        CERTIFICATE_STATUS,
        TICKET,
        TICKET_STATUS,
        SCHEDULE,
        MOVE_APPOINTMENT,
        CANCEL_APPOINTMENT,
        APPOINTMENT_STATUS,
        DATA_RIGHTS,
        OPT_OUT,
        OPT_IN,
    )
}
assert set(FLOWS) == set(FlowName)  # noqa: S101 -- a flow that is named but not listed is an error at import, not at a customer
