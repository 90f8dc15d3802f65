"""An article as somebody writes it, in a form, a file or a request: checked, not stored yet."""

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.normalize import fold

LONGEST_ANSWER = 600  # characters; a longer bubble is not read on a phone
LONGEST_SHORT_ANSWER = 250
LONGEST_LINE = 200
MOST_EXAMPLES = 200
LONGEST_SLUG = 75
NOT_SLUG = re.compile(r"[^a-z0-9]+")

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=LONGEST_LINE)
]


class ArticleDraft(BaseModel):
    """An article; `asks` are ways in which people ask for it. `short`, if any, is what is said
    first, and `answer` when somebody wants more. The days of its validity are both included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    title: Line
    question: Line
    answer: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=LONGEST_ANSWER)
    ]
    short_answer: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST_SHORT_ANSWER)
    ] = Field(default="", alias="short")
    topic: Intent = Intent.FAQ
    source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    valid_from: date | None = None
    valid_to: date | None = None
    example_questions: tuple[Line, ...] = Field(default=(), max_length=MOST_EXAMPLES, alias="asks")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "ArticleDraft":
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


def slug_of(title: str) -> str:
    """The name that an article of this title has: `preco-do-a1`."""
    plain = NOT_SLUG.sub("-", fold(title)).strip("-")
    return plain[:LONGEST_SLUG].strip("-") or "artigo"
