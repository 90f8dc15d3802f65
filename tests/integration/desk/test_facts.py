"""Facts of the company: files, seeds, and what follows when one changes."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gatte import services
from gatte.business_hours import BusinessHours
from gatte.conversation.company_facts import FactKind
from gatte.decisions import known_facts
from gatte.desk import fact_files, facts
from gatte.desk.facts import FactDraft
from gatte.extensions import db
from gatte.store import facts as stored

PRICE = """
[[fact]]
kind = "price"
key = "e-cpf-a1"
value = { product = "e-CPF A1", amount = "149.00" }
"""
BROKEN = """
[[fact]]
kind = "price"
key = "e-cpf-a1"
value = { product = "e-CPF A1", amount = "cento e dez" }

[[fact]]
kind = "hours"
key = "segunda"
value = { spans = ["18:00-08:00"] }

[[fact]]
kind = "weather"
key = "today"
value = {}
"""


@pytest.fixture
def write(tmp_path):
    def written(text: str) -> Path:
        path = tmp_path / "facts.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture(autouse=True)
def _clean(context):
    yield
    db.session.rollback()


def test_all_errors_of_a_file_are_told_with_their_lines(write):
    with pytest.raises(fact_files.BadFacts) as refused:
        fact_files.read_facts(write(BROKEN))

    told = "\n".join(refused.value.problems)
    assert "line 2, price e-cpf-a1: amount:" in told
    assert "line 7, hours segunda: key:" in told
    assert "line 12, weather today: kind:" in told


def test_an_import_is_repeated_without_effect(write):
    drafts = fact_files.read_facts(write(PRICE))
    first = fact_files.import_facts(drafts)
    again = fact_files.import_facts(drafts)

    assert (first.created, again.created, again.changed, again.unchanged) == (1, 0, 0, 1)


def test_what_is_exported_can_be_imported(write):
    fact_files.import_facts(fact_files.read_facts())
    db.session.flush()
    exported = fact_files.export_facts()
    done = fact_files.import_facts(fact_files.read_facts(write(exported)))

    assert (done.created, done.changed) == (0, 0)
    assert done.unchanged == len(stored.list_all())


def test_settings_are_taken_over_once(app):
    assert fact_files.seed_from_settings() is True
    name = stored.facts_by_name([FactKind.COMPANY])[FactKind.COMPANY, "name", None]
    assert name.value == {"text": services.settings().gatte_company_name}
    assert fact_files.seed_from_settings() is False


def test_the_table_rules_after_the_seed():
    before = known_facts.refresh()
    assert before.seeded is False
    assert known_facts.business_hours(date(2026, 3, 11)) == BusinessHours("sempre", "SP")

    fact_files.seed_from_settings()
    facts.add(FactDraft(FactKind.HOURS, "qua", {"spans": ["08:00-12:00"]}), None)
    db.session.flush()
    known_facts.refresh()
    hours = known_facts.business_hours(date(2026, 3, 11))

    assert hours.is_open(datetime(2026, 3, 11, 9, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 3, 12, 9, tzinfo=UTC))


def test_a_change_of_an_older_version_is_refused():
    fact = facts.add(FactDraft(FactKind.PRICE, "x", {"product": "X", "amount": "1.00"}), None)
    db.session.flush()
    facts.change(fact.id, FactDraft(FactKind.PRICE, "x", {"product": "X", "amount": "2"}), None, 1)

    late = FactDraft(FactKind.PRICE, "x", {"product": "X", "amount": "3"})
    with pytest.raises(facts.StaleFact):
        facts.change(fact.id, late, None, 1)


def test_two_facts_of_one_name_need_different_first_days():
    draft = FactDraft(FactKind.PRICE, "y", {"product": "Y", "amount": "1.00"})
    facts.add(draft, None)
    db.session.flush()

    with pytest.raises(facts.FactExists):
        facts.add(draft, None)


def test_the_commands_import_all_or_nothing_and_print_what_they_read(app, write):
    with app.app_context():
        runner = app.test_cli_runner()
        refused = runner.invoke(args=["facts", "import", str(write(BROKEN))])
        tried = runner.invoke(args=["facts", "import", "--dry-run", str(write(PRICE))])
        before = runner.invoke(args=["facts", "export"])
        done = runner.invoke(args=["facts", "import", str(write(PRICE))])
        after = runner.invoke(args=["facts", "export"])

    assert refused.exit_code == 1
    assert refused.output.count("line ") == 3
    assert "1 created" in tried.output
    assert "e-cpf-a1" not in before.output
    assert "1 created" in done.output
    assert 'amount = "149.00"' in after.output
