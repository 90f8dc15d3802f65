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
    certificate_imports,
    certificates,
    checks,
    contact_data,
    contact_memories,
    contact_profile,
    conversation,
    costs,
    explanation,
    facts,
    formatting,
    indicators,
    knowledge_base,
    knowledge_import,
    lead_export,
    leads,
    learned_models,
    media_files,
    message_templates,
    mute,
    navigation,
    overdue,
    question_trials,
    routines,
    second_step,
    sessions,
    simulator,
    state_diagram,
    tickets,
    tokens,
    transcripts,
    unanswered_questions,
    user_accounts,
    webhooks,
)

bp = Blueprint("panel", __name__)
formatting.init_blueprint(bp)
bp.add_app_template_filter(media_files.name_of, "media_name")
navigation.init_blueprint(bp)
bp.add_app_template_filter(overdue.warning, "overdue")
SCREENS = (
    auth,
    account,
    second_step,
    user_accounts,
    sessions,
    conversation,
    explanation,
    media_files,
    mute,
    transcripts,
    contact_data,
    contact_profile,
    contact_memories,
    simulator,
    tickets,
    leads,
    lead_export,
    certificates,
    certificate_imports,
    message_templates,
    agenda,
    appointments,
    facts,
    knowledge_base,
    question_trials,
    knowledge_import,
    unanswered_questions,
    state_diagram,
    routines,
    learned_models,
    checks,
    indicators,
    costs,
    tokens,
    webhooks,
)
for screen in SCREENS:
    screen.add_routes(bp)
