"""What is worked out once within a scope, and forgotten at its end."""

import gc
import weakref
from threading import Thread

import pytest

from gatte.infra.scoped_cache import cache_scope, scoped


class Words(str):
    """A text of which one can see whether it is still kept."""

    __slots__ = ("__weakref__",)


@pytest.fixture
def called():
    return []


@pytest.fixture
def length(called):
    @scoped
    def of_text(text):
        called.append(str(text))
        if not text:
            raise ValueError(text)
        return len(text)

    return of_text


def test_within_a_scope_a_thing_is_worked_out_once(length, called):
    with cache_scope():
        assert [length("oi"), length("oi"), length("olá")] == [2, 2, 3]

    assert called == ["oi", "olá"]


def test_outside_of_a_scope_it_is_worked_out_each_time(length, called):
    length("oi")
    length("oi")

    assert called == ["oi", "oi"]


def test_the_end_of_a_scope_forgets_the_texts(length):
    text = Words("meu nome é Iara")
    alive = weakref.ref(text)
    with cache_scope():
        length(text)
    del text
    gc.collect()

    assert alive() is None


def test_a_scope_within_another_is_part_of_it(length, called):
    with cache_scope():
        length("oi")
        with cache_scope():
            length("oi")
        length("oi")

    assert called == ["oi"]


def test_another_thread_has_its_own_scope(length, called):
    with cache_scope():
        length("oi")
        other = Thread(target=length, args=("oi",))
        other.start()
        other.join()

    assert called == ["oi", "oi"]


def test_an_error_is_not_kept(length, called):
    with cache_scope():
        for _ in range(2):
            with pytest.raises(ValueError):
                length("")

    assert called == ["", ""]
