"""What the results of scheduled jobs are called in the panel."""

from gatte.observability.metric_labels import BudgetPeriod
from gatte.web.panel.routines import RESULT_WORDS, result_in_words


def test_every_period_of_a_budget_has_words():
    assert {period.value for period in BudgetPeriod} <= RESULT_WORDS.keys()


def test_money_is_written_as_people_write_it():
    assert result_in_words({"day": 1234.5, "month": 0.0}) == (
        "gasto hoje: R$ 1.234,50; gasto no mês: R$ 0,00"
    )
