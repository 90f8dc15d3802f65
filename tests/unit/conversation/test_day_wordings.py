"""Days and hours in the words of four voices. Half of the wordings were kept apart while the parser
was written: they are a measure, and nothing is fitted on them.
"""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gatte.conversation.parsing.dates import find_day
from gatte.conversation.parsing.times import find_period, says_same_time

NOW = datetime(2026, 3, 11, 10, 20, tzinfo=ZoneInfo("America/Sao_Paulo"))
LINES = (Path(__file__).parent / "data" / "day_wordings.jsonl").read_text(encoding="utf-8")
WORDINGS = [json.loads(line) for line in LINES.splitlines()]
RIGHT_APART = 53  # of 60


def read(text: str) -> tuple[str, str]:
    """The days and the period of a text, as the file spells them."""
    days = (find_day(text, NOW).value or "").partition("!")[0]
    period = find_period(text).value or ("mesmo horário" if says_same_time(text) else "")
    any_day = days == f"{NOW.date()}.."
    return "qualquer" if any_day else days, "" if "@" in days else period


@pytest.mark.parametrize(
    "wording", [one for one in WORDINGS if one["set"] == "tuned"], ids=lambda one: one["text"]
)
def test_wordings_that_the_parser_was_written_with(wording):
    assert read(wording["text"]) == (wording["days"], wording["period"])


def test_wordings_that_were_kept_apart_are_read_as_well_as_they_were():
    apart = [one for one in WORDINGS if one["set"] == "apart"]
    right = sum(read(one["text"]) == (one["days"], one["period"]) for one in apart)

    assert Counter(one["voice"] for one in apart) == dict.fromkeys(
        ("formal", "jovem", "comércio", "roça"), 15
    )
    assert right >= RIGHT_APART
