"""The daily figures of a period, added up for people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gatte.store import daily_figures
from gatte.store.daily_figures import Figure


@dataclass(frozen=True)
class Indicators:
    """What the days of a period came to: by figure, by its labels (the greatest first), and by day
    (every day of the period, in order).
    """

    totals: dict[str, Decimal]
    by_label: dict[str, list[tuple[str, Decimal]]]
    by_day: dict[str, list[tuple[date, Decimal]]]

    def total(self, figure: str) -> Decimal:
        """The sum of a figure; 0 for one that nothing counted."""
        return self.totals.get(figure, Decimal(0))

    def ratio(self, figure: str, whole: str) -> Decimal | None:
        """A figure as a share of another; None when that is 0."""
        of_whole = self.total(whole)
        return self.total(figure) / of_whole if of_whole else None


def load(since: date, until: date) -> Indicators:
    """The figures of these days, both included."""
    return summarize(daily_figures.list_figures(since, until), since, until)


def summarize(figures: Sequence[Figure], since: date, until: date) -> Indicators:
    """Figures of single days, added up."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    labels: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    days: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in figures:
        totals[one.figure] += one.amount
        labels[one.figure][one.label] += one.amount
        days[one.figure][one.day] += one.amount
    period = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    by_label = {
        figure: sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
        for figure, amounts in labels.items()
    }
    by_day = {figure: [(day, amounts[day]) for day in period] for figure, amounts in days.items()}
    return Indicators(dict(totals), by_label, by_day)
