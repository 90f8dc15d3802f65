"""The panel, in which the company's people work: a module a screen, a template a screen.

A view reads the request, asks a service of `desk` (or queries what only it shows), commits, and
renders. Every route asks for a login but those listed in `auth.PUBLIC_ENDPOINTS`. `labels`
says our closed sets in Portuguese, `formatting` times, phones and WhatsApp text. Start reading at
`sessions.py`.
"""

from flask import Blueprint

from gatte.web.panel import (
    account,
    agenda,
    appointments,
    auth,
    contact_data,
    conversation,
    costs,
    facts,
    formatting,
    leads,
    mute,
    overdue,
    routines,
    second_step,
    sessions,
    simulator,
    state_diagram,
    tickets,
    tokens,
    transcripts,
    user_accounts,
)

bp = Blueprint("panel", __name__)
formatting.init_blueprint(bp)
bp.add_app_template_filter(overdue.warning, "overdue")
SCREENS = (
    auth,
    account,
    second_step,
    user_accounts,
    sessions,
    conversation,
    mute,
    transcripts,
    contact_data,
    simulator,
    tickets,
    leads,
    agenda,
    appointments,
    facts,
    state_diagram,
    routines,
    costs,
    tokens,
)
for screen in SCREENS:
    screen.add_routes(bp)
