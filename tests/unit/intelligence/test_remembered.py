"""A short memory for texts."""

from concurrent.futures import ThreadPoolExecutor

from gatte.infra.lru_cache import LruCache


def test_what_is_known_is_not_made_again():
    made = []
    remembered = LruCache(10)

    assert [
        remembered.get("oi", lambda text: made.append(text) or text.upper()) for _ in range(3)
    ] == ["OI"] * 3
    assert made == ["oi"]


def test_the_text_that_was_not_asked_for_the_longest_is_forgotten():
    made = []
    remembered = LruCache(2)

    for text in ("a", "b", "a", "c", "a", "b"):
        remembered.get(text, made.append)
    assert made == ["a", "b", "c", "b"]


def test_any_text_can_be_asked_for():
    remembered = LruCache(10)

    assert [remembered.get(text, len) for text in ("", "\ud800", "é" * 900)] == [0, 1, 900]


def test_many_threads_get_what_is_theirs():
    remembered = LruCache(50)
    with ThreadPoolExecutor(16) as threads:
        got = list(
            threads.map(lambda number: remembered.get(str(number % 90), str.upper), range(5_000))
        )

    assert got == [str(number % 90) for number in range(5_000)]
