from decimal import Decimal

from gatte.observability.cost import cost_brl, prices

TABLE = prices("big=0.30/2.50, small=0.10/0.40")


def test_a_call_costs_what_it_read_and_wrote():
    assert cost_brl("big", 1_000_000, 100_000, TABLE, Decimal(5)) == Decimal("2.75")


def test_a_model_without_a_price_costs_nothing():
    assert cost_brl("unknown", 1_000, 1_000, TABLE, Decimal(5)) == 0
