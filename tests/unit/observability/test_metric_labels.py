"""A label of a metric takes members of enumerations, never free text: each text would make a series
of its own, and show to operators what a customer wrote.
"""

import ast
import enum
import importlib
import inspect
import typing
from pathlib import Path

GATTE = Path(__file__).parents[3] / "gatte"
WORDS_OF_OUR_OWN = {
    "call.flow or NO_LABEL": "the name of a flow, which is named in code",
    "period": "a member of BudgetPeriod, which is looped over or annotated",
    "problem": "a Violation, which is looped over",
    "verdict.band": "the GuardBand of a Verdict",
    "call.model": "the models that the settings name",
    "direction": "a key of a dict of TokenDirection",
    "kind": "what intake wrote into the column itself: MessageKind, or an echo",
    "labels": "flow and slot of a conversation, both named in code",
    "meaning.intent": "an Intent",
    "meaning.source": "a PredictionSource",
    "name": "a key of a dict of QueueName, or a name of cron.ENTRIES",
}
"""Expressions whose type is not written beside them, each looked at."""


def calls_of_labels():
    """Each call of `labels` on a metric: module, enclosing function, value."""
    for path in sorted(GATTE.rglob("*.py")):
        if path.name in {"metrics.py", "metric_series.py"}:
            continue
        source = path.read_text(encoding="utf-8")
        if "metrics." not in source:
            continue
        module = ".".join(("gatte", *path.relative_to(GATTE).with_suffix("").parts))
        for function in functions(ast.parse(source)):
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "labels"
                ):
                    values = [*node.args, *(keyword.value for keyword in node.keywords)]
                    yield from ((module, function, value) for value in values)


def functions(tree):
    """The module's own statements, then every function of it."""
    own = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    yield ast.Module(own, [])
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def type_of(value, module, function):
    """The class of an expression, by the annotations of the names in it; None when unknown."""
    names = vars(importlib.import_module(module))
    if isinstance(value, ast.Name) and value.id in names:
        return names[value.id]
    if isinstance(value, ast.Name):
        return annotation_of(value.id, module, function)
    if isinstance(value, ast.Call):
        return type_of(value.func, module, function)
    if isinstance(value, ast.Attribute):
        owner = type_of(value.value, module, function)
        if inspect.isclass(owner) and issubclass(owner, enum.Enum):
            return owner
        return typing.get_type_hints(owner).get(value.attr) if owner else None
    return None


def annotation_of(name, module, function):
    names = vars(importlib.import_module(module))
    for argument in getattr(function, "args", ast.arguments([], [], None, [], [], None, [])).args:
        if argument.arg == name and argument.annotation is not None:
            return eval(ast.unparse(argument.annotation), dict(names))  # noqa: S307 - our own annotations
    return None


def is_enumeration(found):
    members = typing.get_args(found) or (found,)
    return all(inspect.isclass(one) and issubclass(one, enum.StrEnum) for one in members)


def test_no_label_takes_free_text():
    free = [
        f"{module}:{value.lineno} {ast.unparse(value)}"
        for module, function, value in calls_of_labels()
        if ast.unparse(value) not in WORDS_OF_OUR_OWN
        and not is_enumeration(type_of(value, module, function))
    ]

    assert free == []


def test_the_labels_of_the_house_are_found():
    assert len(list(calls_of_labels())) > 20
