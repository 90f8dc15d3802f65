"""The guard of the panel's test client sees what it is there for."""

import pytest
from flask import Blueprint
from sqlalchemy import select

from gatte.extensions import csrf, db, limiter
from gatte.models import Lead
from tests.integration.panel import request_guard
from tests.integration.panel.request_guard import GuardBroken


@pytest.fixture(scope="module", autouse=True)
def guarded(app):
    """The guard, and pages that break its rules."""
    pages = Blueprint("broken", __name__, url_prefix="/broken")

    @pages.post("/uncommitted")
    def uncommitted():
        db.session.scalars(select(Lead).order_by(Lead.id)).first().name = "Outra"
        return "done"

    @pages.post("/flushed")
    def flushed():
        db.session.scalars(select(Lead).order_by(Lead.id)).first().name = "Outra"
        db.session.flush()
        return "done"

    @pages.get("/unordered")
    def unordered():
        return ", ".join(lead.product for lead in db.session.scalars(select(Lead)))

    @pages.get("/tied")
    def tied():
        leads = db.session.scalars(select(Lead).order_by(Lead.created_at))
        return ", ".join(lead.product for lead in leads)

    csrf.exempt(pages)
    limiter.exempt(pages)
    app.register_blueprint(pages)
    with request_guard.guarded(app):
        yield


@pytest.mark.parametrize("page", ["uncommitted", "flushed"])
def test_changes_that_are_not_committed(app, desk, page):
    desk.lead()

    with pytest.raises(GuardBroken, match="uncommitted"):
        app.test_client().post(f"/broken/{page}")


@pytest.mark.parametrize("page", ["unordered", "tied"])
def test_a_list_without_a_deterministic_order(app, desk, page):
    desk.lead()
    desk.lead()

    with pytest.raises(GuardBroken, match="tie-breaker"):
        app.test_client().get(f"/broken/{page}")


def test_more_queries_than_a_page_is_allowed(app, agent, monkeypatch):
    monkeypatch.setitem(request_guard.MOST_QUERIES, "panel.list_leads", 2)

    with pytest.raises(GuardBroken, match=r"panel\.list_leads asked 3 times"):
        agent.get("/panel/leads")
