import time

import pytest
from redis.exceptions import ConnectionError as Disconnected

from gatte.infra.redis.fail_fast import FailFastRedis, RedisUnavailable
from gatte.settings import Settings


@pytest.fixture
def memory():
    settings = Settings(
        _env_file=None, database_url="postgresql://unused/unused", redis_url="redis://127.0.0.1:1/0"
    )
    return FailFastRedis(settings, reset_timeout_seconds=0.05)


def refuses(_):
    raise Disconnected


def test_a_redis_that_failed_is_left_alone_for_a_while_and_then_asked_again(memory):
    asked = []
    with pytest.raises(RedisUnavailable):
        memory.execute(refuses)
    with pytest.raises(RedisUnavailable):
        memory.execute(asked.append)
    assert asked == []

    time.sleep(0.06)
    assert memory.execute(lambda _: "here again") == "here again"


def test_an_error_that_is_not_of_redis_is_not_swallowed(memory):
    with pytest.raises(ZeroDivisionError):
        memory.execute(lambda _: 1 // 0)
