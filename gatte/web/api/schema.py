"""What the models of requests and answers share: what text may hold, and the problem document."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

NO_NUL = r"^[^\x00]*$"  # no text in Postgres can hold it
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)
]
LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=NO_NUL)
]
Limit = Annotated[int, Field(ge=1, le=200, description="Most items of a page.")]
DEFAULT_LIMIT = 50
Cursor = Annotated[
    str,
    Field(
        max_length=1000,
        description="`next_cursor` of the page before; without it the first page.",
    ),
]
RowNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
YEARS = range(2000, 2100)


def _storable(moment: datetime) -> datetime:
    """Postgres refuses offsets that ISO 8601 allows, such as +19:38."""
    if moment.year not in YEARS:
        raise ValueError("is not between 2000 and 2099")
    return moment.astimezone(UTC)


Moment = AwareDatetime
GivenMoment = Annotated[AwareDatetime, AfterValidator(_storable)]
"""A time that a request gives."""


UpdatedSince = Annotated[
    GivenMoment | None,
    Field(
        description="Only those that changed at this time or later. Who copies changes asks for "
        "some minutes more than since the last time: what is being changed now is seen later."
    ),
]


class ApiModel(BaseModel):
    """A part of a request or an answer: what it does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(ApiModel):
    """Which page of a list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None


class InvalidField(ApiModel):
    """One thing that is wrong with a request."""

    place: Literal["body", "query", "header"]
    pointer: str = Field(description="JSON pointer (RFC 6901) to it.")
    detail: str


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457). `type` names it for programs, `detail` says what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:gatte:problem:service-window-closed",
                    "title": "Service window closed",
                    "status": 409,
                    "detail": "More than 24 hours have passed since the customer's last message.",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[InvalidField] | None = None


def invalid_fields(place: str, errors: list[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as members of a problem; never with the values that were sent."""
    return [
        {
            "place": place,
            "pointer": "".join(f"/{quote(str(part), safe='')}" for part in error["loc"]),
            "detail": error["msg"],
        }
        for error in errors
    ]
