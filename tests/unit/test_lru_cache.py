from concurrent.futures import ThreadPoolExecutor

from gatte.infra.lru_cache import LruCache


def test_what_is_cached_is_not_made_again():
    made = []
    cache = LruCache(10)

    def make():
        made.append("oi")
        return "OI"

    assert [cache.get_or_make("oi", make) for _ in range(3)] == ["OI"] * 3
    assert made == ["oi"]


def test_the_entry_that_was_not_used_for_the_longest_time_is_dropped():
    cache = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)

    assert [key for key in "abc" if key in cache] == ["a", "c"]
    assert len(cache) == 2


def test_to_set_a_value_again_is_a_use():
    cache = LruCache(2)
    for key in "aba":
        cache.put(key, key.upper())
    cache.put("c", "C")

    assert "a" in cache
    assert "b" not in cache


def test_to_ask_whether_a_key_is_there_is_no_use():
    cache = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert "a" in cache
    cache.put("c", 3)

    assert "a" not in cache


def test_what_was_removed_is_gone():
    cache = LruCache(2)
    cache.put("a", 1)

    assert [cache.pop("a"), cache.pop("a"), cache.get("a")] == [1, None, None]


def test_many_threads_get_what_is_theirs():
    cache = LruCache(50)

    def upper(number):
        text = str(number % 90)
        return cache.get_or_make(text, text.upper)

    with ThreadPoolExecutor(16) as threads:
        got = list(threads.map(upper, range(5_000)))

    assert got == [str(number % 90) for number in range(5_000)]
    assert len(cache) == 50


def test_an_entry_is_gone_when_its_time_is_over_however_often_it_was_used():
    now = [0.0]
    cache = LruCache(10, ttl_seconds=60, clock=lambda: now[0])
    cache.put("key", "opened")
    for now[0] in (10.0, 59.9):
        assert cache.get("key") == "opened"
        assert "key" in cache
    now[0] = 60.0

    assert "key" not in cache
    assert cache.get("key") is None
    assert len(cache) == 0


def test_what_nobody_asks_for_again_does_not_stay():
    now = [0.0]
    cache = LruCache(10, ttl_seconds=60, clock=lambda: now[0])
    for name in "abc":
        cache.put(name, name)
    now[0] = 61.0
    cache.put("d", "d")

    assert len(cache) == 1
