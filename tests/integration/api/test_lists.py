"""Lists: pages, filters, and what is found."""

from datetime import UTC, datetime

import pytest


def pages(program, path, limit=2):
    """The ids of all pages."""
    found, cursor = [], None
    while True:
        mark = "&" if "?" in path else "?"
        more = f"&cursor={cursor}" if cursor else ""
        page = program.get(f"{path}{mark}limit={limit}{more}").get_json()
        assert len(page["items"]) <= limit
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("kind", ["ticket", "lead", "contact", "conversation"])
def test_pages_hold_every_row_once_the_newest_first(program, desk, kind):
    made = [str(getattr(desk, kind)()) for _ in range(5)]

    found = pages(program, f"/{kind}s")

    assert found[:5] == made[::-1]
    assert len(found) == len(set(found))


def test_messages_come_the_latest_first(program, desk):
    talk = desk.conversation(says=["um", "dois", "três"])
    first = program.get(f"/conversations/{talk}/messages?limit=2").get_json()
    cursor = first["next_cursor"]
    rest = program.get(f"/conversations/{talk}/messages?limit=2&cursor={cursor}").get_json()

    texts = [item["text"] for item in first["items"] + rest["items"]]
    assert texts == ["três", "dois", "um"]
    assert rest["next_cursor"] is None


def test_certificates_come_by_their_end(program, desk):
    contact = str(desk.contact())
    for day in ("2027-03-01", "2027-01-01", "2027-02-01"):
        body = {"contact_id": contact, "kind": "e-CNPJ A1", "valid_until": day}
        assert program.post("/certificates", body).status_code == 201

    path = f"/certificates?contact_id={contact}"
    ends = [
        program.get(f"/certificates/{one}").get_json()["valid_until"]
        for one in pages(program, path)
    ]
    early = program.get(f"{path}&ends_before=2027-02-01").get_json()["items"]
    assert ends == ["2027-01-01", "2027-02-01", "2027-03-01"]
    assert [one["valid_until"] for one in early] == ["2027-01-01"]


def test_a_cursor_of_another_list_or_other_filters_or_of_nobody_is_refused(program, desk):
    for _ in range(2):
        desk.ticket()
        desk.lead()
    cursor = program.get("/tickets?limit=1").get_json()["next_cursor"]

    for path in (
        f"/leads?cursor={cursor}",
        f"/tickets?state=open&cursor={cursor}",
        f"/tickets?cursor={cursor[:-1]}",
        "/tickets?cursor=%00",
    ):
        answer = program.get(path)
        assert (path, answer.status_code) == (path, 400)
        assert answer.get_json()["type"] == "urn:gatte:problem:bad-cursor"


def test_filters_leave_out_what_does_not_fit(program, desk, users):
    mine = desk.ticket(assignee_id=users["bruno"])
    contact_id = program.get(f"/tickets/{mine}").get_json()["contact_id"]

    assert pages(program, f"/tickets?assignee_id={users['bruno']}") == [str(mine)]
    assert pages(program, f"/tickets?contact_id={contact_id}") == [str(mine)]
    assert pages(program, f"/tickets?contact_id={contact_id}&state=solved") == []


def test_an_unknown_filter_or_value_is_refused_and_named(program):
    for path, pointer in (
        ("/tickets?state=lost", "/state"),
        ("/tickets?stat=open", "/stat"),
        ("/tickets?limit=201", "/limit"),
    ):
        answer = program.get(path)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_a_contact_is_found_by_phone_and_by_name_but_never_by_an_address(app, program, desk):
    from gatte.extensions import db
    from gatte.intake.contact_identity import search_hashes
    from gatte.models import IdentityKind
    from gatte.store import contacts

    contact = desk.contact("Zuleica Andrade")
    with app.app_context():
        phone = contacts.get_contact(contact).phone
        contacts.add_identity(contact, IdentityKind.PHONE, search_hashes(phone)[0])
        db.session.commit()

    for sought in ({"phone": f"+{phone}"}, {"name": "zuleica"}):
        found = program.post("/contacts/search", sought).get_json()["items"]
        assert [one["id"] for one in found] == [str(contact)]
    assert program.post("/contacts/search", {"phone": "1", "name": "x"}).status_code == 422
    assert program.get(f"/contacts?phone={phone}").status_code == 422


@pytest.mark.parametrize("kind", ["ticket", "lead", "contact", "conversation", "certificate"])
def test_who_copies_changes_gets_what_changed_since_a_time(program, desk, kind):
    old, changed = str(make(program, desk, kind)), str(make(program, desk, kind))
    since = datetime.now(UTC).isoformat().replace("+", "%2B")
    body = {
        "ticket": {"urgency": "high"},
        "lead": {"stage": "won"},
        "contact": {"opted_out": True},
        "certificate": {"status": "revoked"},
    }
    if kind == "conversation":
        program.post(f"/conversations/{changed}/escalate")
    else:
        assert program.change(f"/{kind}s/{changed}", body[kind]).status_code == 200

    found = pages(program, f"/{kind}s?updated_since={since}")
    assert (changed in found, old in found) == (True, False)
    same = program.get(f"/{kind}s/{changed}")
    assert program.get(f"/{kind}s/{changed}", If_None_Match=same.headers["ETag"]).status_code == 304


def make(program, desk, kind):
    if kind != "certificate":
        return getattr(desk, kind)()
    body = {"contact_id": str(desk.contact()), "kind": "e-CNPJ A1", "valid_until": "2027-03-01"}
    return program.post("/certificates", body).get_json()["id"]


def test_the_version_that_a_change_answers_is_the_one_to_change_next(program, desk):
    contact = desk.contact()
    first = program.change(f"/contacts/{contact}", {"opted_out": True})
    etag = first.headers["ETag"]
    second = program.call("PATCH", f"/contacts/{contact}", {"opted_out": False}, If_Match=etag)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.get_json()["opted_out_at"] is None
