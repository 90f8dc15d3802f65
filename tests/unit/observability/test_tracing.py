import pytest

from gatte.observability import tracing


@pytest.fixture(autouse=True)
def _clean():
    tracing.unbind_all()
    yield
    tracing.unbind_all()


def test_a_new_id_is_32_hex_digits():
    assert int(tracing.new_request_id(), 16) >= 0
    assert len(tracing.new_request_id()) == 32
    assert tracing.new_request_id() != tracing.new_request_id()


@pytest.mark.parametrize(
    "inbound", ["abcdefgh", "A.b_c-1234567890", "x" * 64, "5541998765432" + "a" * 19]
)
def test_an_acceptable_inbound_id_is_kept(inbound):
    assert tracing.accept_request_id(inbound) == inbound


@pytest.mark.parametrize(
    "inbound",
    [
        None,
        "",
        "short",
        "x" * 65,
        "with space",
        "newline12\n",
        "<script>alert",
        "ação1234",
        "tel-5541998765432",
        "529.982.247-25",
    ],
)
def test_any_other_inbound_id_is_replaced(inbound):
    assert len(tracing.accept_request_id(inbound)) == 32
    assert tracing.accept_request_id(inbound) != inbound


def test_ids_are_bound_until_unbound():
    tracing.bind(request_id="r1", correlation_id="c1")
    tracing.bind(request_id=None)

    assert tracing.current_request_id() is None
    assert tracing.current_correlation_id() == "c1"


def test_a_block_gives_back_what_was_bound_before():
    tracing.bind(request_id="outer")
    with tracing.bound(request_id="inner", conversation_id=7):
        assert tracing.current_request_id() == "inner"

    assert tracing.current_request_id() == "outer"
