"""The panel, in which the company's people work: a module a screen, a template a screen.

A view reads the request, asks a service of `desk` (or queries what only it shows), commits, and renders. Every route asks for a
login but those listed in `entry.PUBLIC`. `words` says our closed sets in Portuguese, `formatting` times, phones and WhatsApp
text. Start reading at `sessions.py`.
"""

from flask import Blueprint

from gatte.web.panel import conversation, entry, formatting, leads, overdue, sessions, simulator, state_map, tickets

bp = Blueprint("panel", __name__)
formatting.init_blueprint(bp)
bp.add_app_template_filter(overdue.warning, "overdue")
for screen in (entry, sessions, conversation, simulator, tickets, leads, state_map):
    screen.add_routes(bp)
