"""What the documents of security and promise say is tried by tests that exist; and what they leave
out is said.
"""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TESTS = PROJECT / "tests"
DOCUMENTS = [
    PROJECT / "SECURITY.md",
    *(
        PROJECT / "docs" / f"{name}.md"
        for name in ("threat-model", "asvs", "delivery-promise", "scale", "upgrade")
    ),
]
CITED = re.compile(r"`([\w/-]+\.py)::(\w+)`")
FILE = re.compile(
    r"`?((?:docs|gatte|deployment|nginx|\.github)/[\w./-]+|nginx\.conf|SECURITY\.md)`?"
)
REASON = ("Not applicable:", "**open**", "the table below")
LEVEL_1 = """
    1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1
    3.4.2 3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5
    6.2.6 6.2.7 6.3.1 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1
    9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2
    13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
"""
LEVEL_2 = """
    4.1.2 4.1.3 4.2.1 4.3.1 4.3.2 4.4.2 4.4.3 4.4.4 5.1.1 5.2.3 5.4.1 5.4.2 5.4.3 6.1.2 6.1.3 6.2.8
    6.2.9 6.2.10 6.2.11 6.3.2 6.3.3 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3
    7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2 11.1.1 11.1.2 11.2.1
    11.2.2 11.2.3 11.3.3 11.4.2 11.4.3 11.5.1 11.6.1
"""
"""Of API, files, authentication, sessions and cryptography; asvs.md has some of V13 beyond them."""


@lru_cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def rows(name: str) -> list[list[str]]:
    """The rows of all tables of a document, without heads and rules; cells without blanks."""
    lines = (PROJECT / "docs" / name).read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document):
    cited = CITED.findall(document.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{name}"
        for file, name in cited
        if not (TESTS / file).is_file() or name not in functions(TESTS / file)
    ]

    assert missing == []


def test_a_test_that_is_gone_would_be_missed():
    assert "test_that_was_never_written" not in functions(TESTS / "unit" / "test_crypto.py")
    assert "test_a_changed_byte_is_noticed" in functions(TESTS / "unit" / "test_crypto.py")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document):
    without_tests = CITED.sub("", document.read_text(encoding="utf-8"))
    named = [name.rstrip(".") for name in FILE.findall(without_tests)]

    assert [name for name in named if not list(PROJECT.glob(name))] == []


def test_every_threat_has_its_door_its_letter_and_its_test():
    threats = rows("threat-model.md")

    assert len(threats) > 60
    assert {row[0] for row in threats} == set("STRIDE")
    assert [row[1] for row in threats if not CITED.search(row[3])] == []


def test_every_requirement_has_a_test_a_file_or_a_reason():
    requirements = [row for row in rows("asvs.md") if re.match(r"\d+\.", row[0])]
    unproven = [
        row[0]
        for row in requirements
        if not CITED.search(row[2]) and not row[2].startswith(REASON) and not FILE.search(row[2])
    ]

    assert unproven == []


def test_every_requirement_of_level_1_and_of_the_chosen_chapters_is_answered_once():
    answered = [
        number for row in rows("asvs.md") for number in re.findall(r"\d+\.\d+\.\d+", row[0])
    ]
    wanted = set(LEVEL_1.split()) | set(LEVEL_2.split())

    assert sorted(set(answered)) == sorted(answered)
    assert wanted - set(answered) == set()


def test_every_promise_has_its_proof():
    promises = rows("delivery-promise.md")
    kept = [row for row in promises if len(row) == 3]

    assert len(kept) >= 12
    assert [row[0] for row in kept if not CITED.search(row[2])] == []
