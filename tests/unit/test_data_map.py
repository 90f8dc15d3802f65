"""Every table and column stands in the data map, and what it says is so."""

from pathlib import Path

import gatte.models  # noqa: F401 - importing the models fills the metadata
from gatte.data_rights import data_map, dossier, retention
from gatte.data_rights.data_map import TABLES, ColumnClass, Erasure
from gatte.extensions import Base
from gatte.settings import Settings
from gatte.store import erasures

DOCS = Path(__file__).parents[2] / "docs"
REACHED = {
    Erasure.DELETED,
    Erasure.EMPTIED,
    Erasure.PRUNED,
    Erasure.DROPPED,
}
NAMING = {"status_event", "webhook_delivery", "idempotent_request"}
"""Tables without a foreign key to a contact, whose rows are found by what they name."""
REAL = {
    name: {column.name for column in table.columns} for name, table in Base.metadata.tables.items()
}


def mapped(name: str) -> list[str]:
    return [column for columns in TABLES[name].columns.values() for column in columns]


def test_every_table_is_in_the_map_and_no_other():
    assert set(TABLES) == set(REAL)


def test_every_column_is_in_the_map_once():
    for name, columns in REAL.items():
        assert sorted(mapped(name)) == sorted(columns), name


def test_what_is_sealed_is_personal_and_what_is_hashed_a_hash():
    for name in REAL:
        classes = {
            column: kind for kind, all_of in TABLES[name].columns.items() for column in all_of
        }
        for column, kind in classes.items():
            stored_body = column == "payload" and name != "webhook_delivery"  # that holds ids alone
            sealed = column.endswith("_sealed") or stored_body
            hashed = column == "hash" or (column.endswith("_hash") and column != "password_hash")
            if kind is ColumnClass.SECRET:
                continue
            assert (kind is ColumnClass.PERSONAL) == sealed, (name, column)
            assert kind is ColumnClass.HASH or not hashed, (name, column)


def test_what_goes_with_the_contact_is_what_its_foreign_keys_delete():
    deleted = {name for name, rule in TABLES.items() if rule.erasure is Erasure.DELETED}

    assert deleted - NAMING == {table.name for table in erasures.tables_of_contact()}


def test_a_table_with_personal_data_has_a_rule_of_erasure():
    for name, rule in TABLES.items():
        if ColumnClass.PERSONAL in rule.columns or ColumnClass.HASH in rule.columns:
            assert rule.erasure in REACHED, name


def test_every_retention_names_settings_that_exist():
    fields = {name.upper() for name in Settings.model_fields}
    for kind in data_map.Retention:
        named = {word for word in kind.value.split() if word.startswith("GATTE_")}
        assert {word.strip(",;") for word in named} <= fields, kind


def test_the_copy_for_people_knows_every_table_that_it_shows():
    told = [rule for rule in TABLES.values() if rule.is_told]

    assert len(told) >= 6
    assert all(ColumnClass.PERSONAL in rule.columns for rule in told)
    assert retention.REDELIVERY_HORIZON.days == 7


def test_the_page_is_as_new_as_the_map():
    assert (DOCS / "lgpd.md").read_text(encoding="utf-8") == dossier.page()
