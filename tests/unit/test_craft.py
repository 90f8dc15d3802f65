"""How the code is written, as far as a script can tell: density, broad excepts, questions that
change nothing.
"""

import ast
import re
from pathlib import Path

from tests.unit.syntax_density import GATTE, nodes_a_line

MOST_NODES_A_LINE = 6.5
MOST_BROAD_EXCEPTS = 0.5  # in 1,000 lines
QUESTION = re.compile(r"_*(is|are|was|has|have|had|can|may|must|should|does|needs|holds)_")
CHANGING_METHODS = {"commit", "rollback", "flush", "append", "extend", "pop", "popleft"}
CHANGING_METHODS |= {"clear", "discard", "remove", "setdefault", "delete", "put", "send"}


def modules() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8")) for path in sorted(GATTE.rglob("*.py"))]


def test_code_is_not_folded_up():
    assert nodes_a_line(GATTE) <= MOST_NODES_A_LINE


def broad_excepts() -> list[tuple[str, str]]:
    """Each `except` that stops any error, and does not raise it again: place, and its line."""
    found = []
    for path, source in modules():
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "BaseException" if node.type is None else ast.unparse(node.type)
            raised_again = isinstance(node.body[-1], ast.Raise)
            if caught in {"Exception", "BaseException"} and not raised_again:
                found.append((f"{path.relative_to(GATTE)}:{node.lineno}", lines[node.lineno - 1]))
    return found


def test_few_excepts_stop_any_error():
    lines = sum(len(source.splitlines()) for _, source in modules())

    assert len(broad_excepts()) <= MOST_BROAD_EXCEPTS * lines / 1000


def test_an_except_that_stops_any_error_says_why_on_its_line():
    reason = re.compile(r"# (noqa: BLE001 -+ )?\S+ \S+")

    assert [place for place, line in broad_excepts() if not reason.search(line)] == []


def changes_something(function: ast.FunctionDef) -> bool:
    """Whether a function writes to anything but its own names."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.Delete)):
            return True
        if any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in targets):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in CHANGING_METHODS:
            return True
    return False


def test_a_function_named_as_a_question_changes_nothing():
    changing = [
        f"{path.relative_to(GATTE)}: {node.name}"
        for path, source in modules()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and QUESTION.match(node.name)
        and changes_something(node)
    ]

    assert changing == []
