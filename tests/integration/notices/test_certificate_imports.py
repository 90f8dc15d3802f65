from sqlalchemy import func, select

from gatte.desk import certificate_imports
from gatte.desk.certificate_files import read_certificates
from gatte.extensions import db
from gatte.models import Certificate, CertificateImport, CertificateStatus, Contact
from gatte.store import certificate_imports as stored

HEADER = "telefone;titular;documento;tipo;validade;serie;emissor\n"
FIRST = (
    "11988887777;Padaria Sol;11444777000161;e-CNPJ A1;10/06/2030;;AC Sol\n"
    "11988887777;Maria Lima;52998224725;e-CPF A3;10/06/2030;77;\n"
    "1133334444;Padaria Sol;11444777000161;e-CNPJ A1;11/06/2030;;\n"
)


def store(text):
    counts = certificate_imports.store_rows(read_certificates((HEADER + text).encode()).rows, None)
    db.session.commit()
    return counts.created, counts.changed


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_the_same_file_again_changes_nothing(context):
    assert store(FIRST) == (3, 0)
    assert store(FIRST) == (0, 0)
    assert (count(Certificate), count(Contact)) == (3, 2)


def test_what_a_later_file_says_otherwise_is_changed(context):
    store(FIRST)
    later = FIRST.replace("AC Sol", "AC Lua").replace("10/06/2030;77", "10/08/2030;77")

    assert store(later) == (0, 2)
    rows = db.session.scalars(select(Certificate).order_by(Certificate.id)).all()
    assert [row.issuer for row in rows] == ["AC Lua", None, None]
    assert str(rows[1].valid_until) == "2030-08-10"


def test_a_newer_certificate_in_the_file_renews_one_that_is_about_to_end(context):
    old = FIRST.splitlines()[0].replace("10/06/2030", "01/01/2020")
    store(old + "\n")
    store(FIRST)

    rows = db.session.scalars(select(Certificate).order_by(Certificate.valid_until)).all()
    assert rows[0].status is CertificateStatus.RENEWED
    assert {row.status for row in rows[1:]} == {CertificateStatus.ACTIVE}


def test_a_file_is_stored_in_steps_and_a_stop_loses_nothing(context, monkeypatch):
    from gatte.desk import users

    monkeypatch.setattr(certificate_imports, "LINES_AT_ONCE", 2)
    user = users.create_user("chefe@empresa.example", "Clara Chefe", "uma senha comprida")
    db.session.commit()
    draft = certificate_imports.add_draft((HEADER + FIRST).encode(), user.id)
    db.session.commit()
    assert list(certificate_imports.store_confirmed()) == []

    certificate_imports.confirm(draft.id, user.id)
    db.session.commit()
    steps = certificate_imports.store_confirmed()
    next(steps)
    db.session.commit()
    next(steps)
    db.session.rollback()
    steps.close()
    assert count(Certificate) == 2

    for _ in certificate_imports.store_confirmed():
        db.session.commit()
    row = db.session.get_one(CertificateImport, draft.id, populate_existing=True)
    assert (row.state, row.done_count, row.created_count) == ("done", 3, 3)
    assert (row.content_sealed, count(Certificate)) == (None, 3)


def test_a_file_that_nobody_confirms_is_forgotten(context):
    from gatte.desk import users

    user = users.create_user("outra@empresa.example", "Clara", "uma senha comprida")
    db.session.commit()
    draft = certificate_imports.add_draft((HEADER + FIRST).encode(), user.id)
    draft.created_at = func.now() - stored.DRAFT_AGE * 2
    db.session.commit()

    assert b"Padaria Sol" not in bytes(draft.content_sealed)
    assert stored.delete_old() == 1
    assert stored.find_import(draft.id) is None
