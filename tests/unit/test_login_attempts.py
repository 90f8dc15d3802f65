from gatte.desk.login_attempts import BY_ACCOUNT, BY_ORIGIN, Attempt, LoginAttempts
from gatte.settings import Settings

ANA = Attempt("ana@empresa.example", "203.0.113.7")


def test_waits_begin_late_double_and_end_at_a_limit():
    assert [BY_ORIGIN.seconds_after(attempts) for attempts in (1, 4, 5, 6, 7, 60, 6000)] == [
        0,
        0,
        15,
        30,
        60,
        900,
        900,
    ]
    assert [BY_ACCOUNT.seconds_after(attempts) for attempts in (29, 30, 31, 6000)] == [
        0,
        5,
        10,
        300,
    ]


def test_without_redis_a_process_counts_alone():
    attempts = LoginAttempts(
        Settings(
            _env_file=None,
            database_url="postgresql://unused/unused",
            redis_url="redis://127.0.0.1:1/0",
        )
    )

    assert [attempts.begin(ANA) for _ in range(5)] == [0] * 5
    assert 0 < attempts.begin(ANA) <= 15
    attempts.forget(ANA)
    assert attempts.begin(ANA) == 0
