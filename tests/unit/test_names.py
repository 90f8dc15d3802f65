"""One concept, one name: what docs/glossary.md says, held by reading the code."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gatte", "bench", "devstack", "deployment")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def section(title: str) -> str:
    return GLOSSARY.partition(f"## {title}\n")[2].partition("\n## ")[0]


def definitions(kinds: type | tuple[type, ...]) -> dict[str, list[str]]:
    """Where each name is defined in our packages, by name."""
    found = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                found[node.name].append(str(path.relative_to(ROOT)))
    return found


def test_no_class_name_stands_for_two_things():
    twice = {name: at for name, at in definitions(ast.ClassDef).items() if len(at) > 1}

    assert twice == {}


def test_a_module_name_stands_twice_only_where_the_glossary_says_so():
    found = defaultdict(set)
    for path in modules():
        if path.stem != "__init__":
            found[path.stem].add(path.parent)
    twice = {name for name, folders in found.items() if len(folders) > 1}

    assert twice == set(
        re.findall(r"^\| (\w+) \| `", section("Names that stand twice"), re.MULTILINE)
    )


def test_a_module_named_in_ing_is_a_noun_of_the_field():
    named = {path.stem for path in modules() if path.stem.endswith("ing")}

    assert named == set(re.findall(r"\b\w+ing\b", section("Names in -ing"))) - {"ing"}


def test_retired_names_are_gone():
    retired = set(re.findall(r"\b(\w+) \(", section("Retired")))
    names = definitions((ast.ClassDef, ast.FunctionDef))

    assert len(retired) >= 20
    assert {name: names[name] for name in retired & names.keys()} == {}


def test_retired_names_of_tests_are_gone():
    retired = set(re.findall(r"\b(\w+) \(", section("Retired in tests")))
    paths = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    modules_and_folders = {path.stem for path in paths} | {path.parent.name for path in paths}
    classes = {name for path in paths for name in named(path, ast.ClassDef)}
    functions = {name for path in paths for name in named(path, ast.FunctionDef)}

    assert len(retired) >= 25
    assert retired & modules_and_folders == set()
    assert retired & classes == set()
    assert retired & functions == set()


def named(path: Path, kind: type) -> set[str]:
    """The names that a file gives to its classes, or to its functions and fixtures."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, kind)}


def test_every_file_that_the_glossary_names_is_there():
    paths = set(re.findall(r"`([a-z_/]+\.py)`", GLOSSARY))

    assert len(paths) > 30
    missing = [path for path in sorted(paths) if not (ROOT / "gatte" / path).is_file()]
    assert missing == ["test_names.py"]
