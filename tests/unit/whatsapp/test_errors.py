import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatte.whatsapp.channel import NotSent, Rejected
from gatte.whatsapp.error_table import RULES
from gatte.whatsapp.errors import ErrorCategory, GraphError, parse, rule_for
from tests.fakes.meta_faults import graph_error


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (0, ErrorCategory.AUTH_ALERT),
        (190, ErrorCategory.AUTH_ALERT),
        (10, ErrorCategory.PERMISSION),
        (200, ErrorCategory.PERMISSION),
        (299, ErrorCategory.PERMISSION),
        (100, ErrorCategory.BAD_REQUEST),
        (1, ErrorCategory.TRANSIENT),
        (131000, ErrorCategory.TRANSIENT),
        (131016, ErrorCategory.TRANSIENT),
        (4, ErrorCategory.RATE_LIMITED),
        (80007, ErrorCategory.RATE_LIMITED),
        (130429, ErrorCategory.RATE_LIMITED),
        (131057, ErrorCategory.RATE_LIMITED),
        (131056, ErrorCategory.PAIR_RATE),
        (131048, ErrorCategory.SPAM_PAUSE),
        (131049, ErrorCategory.NEXT_DAY),
        (131064, ErrorCategory.NEXT_DAY),
        (131047, ErrorCategory.WINDOW_CLOSED),
        (131050, ErrorCategory.OPTED_OUT),
        (131026, ErrorCategory.UNDELIVERABLE),
        (131042, ErrorCategory.PAYMENT_ALERT),
        (131031, ErrorCategory.ACCOUNT_ALERT),
        (133010, ErrorCategory.ACCOUNT_ALERT),
        (132001, ErrorCategory.TEMPLATE_FAULT),
        (132015, ErrorCategory.TEMPLATE_FAULT),
        (131052, ErrorCategory.MEDIA),
        (999999, ErrorCategory.UNKNOWN),
        (None, ErrorCategory.UNKNOWN),
    ],
)
def test_a_code_has_its_category(code, category):
    assert rule_for(code).category is category


def test_a_subcode_tells_more_than_its_code():
    assert rule_for(100, 33).category is ErrorCategory.ACCOUNT_ALERT
    assert rule_for(0, 463).category is ErrorCategory.AUTH_ALERT


@pytest.mark.parametrize("code", sorted(RULES))
def test_agents_read_what_happened_and_what_to_do_in_whole_sentences(code):
    rule = RULES[code]

    for sentence in (rule.meaning, rule.advice):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    "category", [ErrorCategory.TRANSIENT, ErrorCategory.RATE_LIMITED, ErrorCategory.PAIR_RATE]
)
def test_what_may_be_sent_again_is_not_permanent(category):
    assert not any(rule.permanent for rule in RULES.values() if rule.category is category)


@pytest.mark.parametrize(
    "category",
    [
        ErrorCategory.BAD_REQUEST,
        ErrorCategory.TEMPLATE_FAULT,
        ErrorCategory.OPTED_OUT,
        ErrorCategory.UNDELIVERABLE,
    ],
)
def test_what_can_never_get_through_is_permanent(category):
    assert all(rule.permanent for rule in RULES.values() if rule.category is category)


def test_an_error_is_read_out_of_an_answer():
    error = parse(400, json.dumps(graph_error(131009, "title too long", 2494010)).encode())

    assert (error.status, error.code, error.subcode, error.details) == (
        400,
        131009,
        2494010,
        "title too long",
    )
    assert error.category is ErrorCategory.BAD_REQUEST


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"error":"x"}',
        b'{"error":{}}',
        b'{"error":{"code":"x"}}',
        b"[" * 99_999,
    ],
)
def test_an_answer_without_a_readable_error_has_none(raw):
    assert parse(500, raw) is None


@given(st.binary(max_size=50), st.integers(100, 599))
def test_no_answer_breaks_the_reading(raw, status):
    parse(status, raw)


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (429, ErrorCategory.RATE_LIMITED),
        (401, ErrorCategory.AUTH_ALERT),
        (403, ErrorCategory.PERMISSION),
    ],
)
def test_a_bare_status_is_understood_too(status, category):
    assert GraphError(status, None, "", "").category is category


def refused(code, retry_after=None):
    return Rejected(GraphError(400, code, "", ""), retry_after)


def test_the_pair_rate_is_waited_out_in_powers_of_four():
    assert [refused(131056).retry_delay(attempt) for attempt in (1, 2, 3, 4)] == [1, 4, 16, 64]


def test_a_passing_fault_is_tried_again_after_longer_and_longer():
    assert 1.5 <= refused(131016).retry_delay(1) <= 2.5
    assert 12 <= refused(131016).retry_delay(4) <= 20
    assert refused(131016).retry_delay(50) <= 375


def test_what_meta_asks_to_wait_is_waited():
    assert refused(130429, retry_after=90).retry_delay(1) == 90


@pytest.mark.parametrize("code", [100, 190, 131047, 131048, 131050, 999999])
def test_what_does_not_pass_by_itself_is_not_sent_again(code):
    assert refused(code).retry_delay(1) is None


def test_a_message_that_never_left_is_sent_again():
    assert NotSent("ConnectError").retry_delay(1) > 0
