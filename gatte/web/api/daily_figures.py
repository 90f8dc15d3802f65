"""What the days came to: conversations, messages, intents, escalations, waiting, cost; no personal
data.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from gatte import services
from gatte.models import Scope
from gatte.store import daily_figures as stored
from gatte.web.api.certificates import Day
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Endpoint
from gatte.web.api.schema import ApiModel, PageQuery

TAG = "figures"
USUAL_DAYS = 30
MOST_DAYS = 366


def _known(name: str) -> str:
    if name not in stored.FIGURES:
        raise ValueError(f"is none of {', '.join(stored.FIGURES)}")
    return name


FigureName = Annotated[
    str, AfterValidator(_known), Field(json_schema_extra={"enum": [*stored.FIGURES]})
]


class DailyFigureResource(ApiModel):
    """What one figure came to on a day, over a number of the company, for one label."""

    day: date = Field(description="In the company's time zone.")
    phone_number_id: str
    figure: FigureName
    label: str = Field(description="What it is told apart by: an intent, a model; or empty.")
    amount: float = Field(description="A number of rows, seconds, or reais (`cost_brl`).")


class DailyFigurePage(ApiModel):
    items: list[DailyFigureResource]
    next_cursor: str | None


class DailyFigureListQuery(PageQuery):
    since: Day | None = Field(None, description="The first day; the 30 up to `until` without it.")
    until: Day | None = Field(None, description="The last day; today without it.")
    figure: FigureName | None = None

    @model_validator(mode="after")
    def _is_period(self) -> Self:
        if self.since is None or self.until is None:
            return self
        if not 0 <= (self.until - self.since).days < MOST_DAYS:
            raise ValueError(f"until is the day of since or later, within {MOST_DAYS} days")
        return self


@Endpoint("GET", "/daily-figures", TAG, Scope.FIGURES_READ, DailyFigurePage)
def list_daily_figures(query: DailyFigureListQuery) -> DailyFigurePage:
    """The figures of a period by day, number, figure and label; what came to nothing is left out.

    The days that are not over, and the two before, are counted anew several times a day.
    """
    since, until = _period(query)
    after = read_cursor(query)
    key = (date.fromisoformat(after[0]), after[1], after[2], after[3]) if after else None
    found = stored.list_page(since, until, query.figure, key, query.limit + 1)
    shown, cursor = cut_page(
        found, query, lambda row: [row.day.isoformat(), row.phone_number_id, row.figure, row.label]
    )
    items = [
        DailyFigureResource(
            day=row.day,
            phone_number_id=row.phone_number_id,
            figure=row.figure,
            label=row.label,
            amount=float(row.amount),
        )
        for row in shown
    ]
    return DailyFigurePage(items=items, next_cursor=cursor)


def _period(query: DailyFigureListQuery) -> tuple[date, date]:
    """The days that are asked for, both included."""
    if query.until is not None:
        until = query.until
    elif query.since is not None:
        until = query.since + timedelta(days=MOST_DAYS - 1)
    else:
        until = datetime.now(services.settings().time_zone).date()
    since = query.since or until - timedelta(days=USUAL_DAYS - 1)
    return since, until
