"""The leads of a filter as a file for spreadsheets (CSV), for admins: the data of many people leave
the panel, so who took the file is noted.
"""

import csv
import io

from flask import Blueprint, Response, abort, make_response, request

from gatte.models import Lead, keyring
from gatte.store import leads as stored
from gatte.web.panel import labels
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import note_reading
from gatte.web.panel.formatting import datetime_br, document, phone
from gatte.web.panel.leads import FILTERS

MOST_LEADS = 10_000
COLUMNS = (
    "Chegou",
    "Nome",
    "Empresa",
    "CPF/CNPJ",
    "E-mail",
    "Telefone",
    "Produto",
    "Etapa",
    "Responsável",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be worked out by a spreadsheet (OWASP: CSV injection)."""


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/leads.csv", view_func=download_leads)


def download_leads() -> Response:
    """The leads of a filter, the newest first, as spreadsheets in Brazil read them."""
    require_admin()
    name = request.args.get("filtro", "")
    if name not in FILTERS:
        abort(404)
    found = stored.list_in_stages(FILTERS[name][1], None, MOST_LEADS)
    key_ids = {one.data_key_id for one in found} | {one.contact.data_key_id for one in found}
    keyring().preload({key_id for key_id in key_ids if key_id is not None})
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(COLUMNS)
    rows.writerows([_cells(one) for one in found])
    note_reading("leads")
    response = make_response("\ufeff" + text.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="leads-{name}.csv"'
    return response


def _cells(lead: Lead) -> list[str]:
    """A lead in the order of the columns; what a spreadsheet would work out is quoted."""
    cells = (
        datetime_br(lead.created_at),
        lead.name or lead.contact.name or "",
        lead.company or "",
        document(lead.document),
        lead.email or "",
        phone(lead.contact.phone).lstrip("+"),
        lead.product,
        labels.label(lead.stage),
        lead.owner.name if lead.owner else "",
    )
    return [f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells]
