"""One concept, one name: what docs/glossary.md says, held by reading the code."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gatte", "bench", "devstack", "deployment")

# Modules of one name in two rooms: the pure core says what, the other room carries it out, shows it or stores it.
MODULE_PAIRS = set(
    [
        "api",
        "conversation",
        "effects",
        "handoff",
        "http",
        "inactivity",
        "knowledge",
        "lease",
        "leads",
        "media",
        "messages",
        "reprocess",
        "simulator",
        "state_diagram",
        "tickets",
        "certificates",
        "embedding",
        "examples",
        "models",
        "runner",
        "jobs",
        "retrieval",
        "stores",
        "app",
        "config",
    ]
)

# The field's own nouns in -ing.
GERUNDS = {
    "logging",
    "masking",
    "tracing",
    "parsing",
    "routing",
    "embedding",
    "slot_filling",
    "screening",
    "recycling",
    "masking_digits",
    "masking_rules",
    "string",
    "seeding",
    "scaling",
    "sealing",
    "formatting",
    "paging",
}

RETIRED = set(
    [
        "Trip",
        "Travelling",
        "Course",
        "Thought",
        "Standing",
        "Happening",
        "Happened",
        "Sifting",
        "Listening",
        "Retaken",
        "Wear",
        "Taken",
        "Shelf",
        "Shelves",
        "Lexemes",
        "Remembered",
        "Pacer",
        "Pace",
        "bark",
        "sift_messages",
        "alarm_in",
        "file_sender",
        "file_contact",
        "take_in",
        "must_be_told",
        "talk_with",
        "obey",
        "overhear",
        "beat_key",
        "work_for",
        "bury_dead",
        "carry_out",
        "spelled_out",
    ]
)


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_no_class_name_stands_for_two_things():
    found = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(ROOT)))

    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_a_module_name_stands_twice_only_for_known_pairs():
    found = defaultdict(list)
    for path in modules():
        if path.name != "__init__.py":
            found[path.stem].append(str(path.relative_to(ROOT)))

    assert {
        name: places
        for name, places in found.items()
        if len(places) > 1 and name not in MODULE_PAIRS
    } == {}


def test_modules_are_named_by_nouns():
    gerunds = {path.stem for path in modules() if path.stem.endswith("ing")}

    assert gerunds <= GERUNDS, sorted(gerunds - GERUNDS)


@pytest.mark.parametrize("package", PACKAGES)
def test_retired_names_are_gone(package):
    names = set()
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Name):
                names.add(node.id)

    assert names & RETIRED == set()
