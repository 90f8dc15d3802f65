"""Works a thing out once within a scope, as a turn, and forgets it at the end of the scope: what is
found in a customer's text is kept no longer than the turn that reads it, so an erasure has nothing
to reach here.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar, cast

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_Found = dict[Hashable, dict[Hashable, object]]

_scope: ContextVar[_Found | None] = ContextVar("cache_scope", default=None)


@contextmanager
def cache_scope() -> Iterator[None]:
    """A scope for this thread or greenlet; within another one, it is part of that."""
    if _scope.get() is not None:
        yield
        return
    token = _scope.set({})
    try:
        yield
    finally:
        _scope.reset(token)


def scoped(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, called once in a scope for the same arguments, which must be hashable and given
    by position; outside of any scope it is called each time. An error is not kept.
    """

    @wraps(function)
    def once(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        found = _scope.get()
        if found is None or named:
            return function(*arguments, **named)
        results = found.setdefault(function, {})
        if arguments not in results:
            results[arguments] = function(*arguments, **named)
        return cast("Result", results[arguments])

    return once
