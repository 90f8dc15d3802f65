"""Days and parts of a day, as people say them: "amanhã de manhã", "sexta 14h", "dia 15/12"."""

import re
from datetime import date, datetime, timedelta

from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text

WEEKDAYS = ("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo")
WEEKDAY_NAMES = (
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
)
MONTHS = (
    "janeiro",
    "fevereiro",
    "marco",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
NUMBERS = {
    "um": 1,
    "uma": 1,
    "dois": 2,
    "duas": 2,
    "tres": 3,
    "quatro": 4,
    "cinco": 5,
    "seis": 6,
    "sete": 7,
    "oito": 8,
    "nove": 9,
    "dez": 10,
    "onze": 11,
    "doze": 12,
    "treze": 13,
    "quatorze": 14,
    "quinze": 15,
}
NUMBER = r"\d{1,2}|" + "|".join(NUMBERS)
FARTHEST = timedelta(days=90)
OPENS, CLOSES = 8, 19

SLASHED = re.compile(r"\b(\d{1,2})\s*[/.]\s*(\d{1,2})(?:\s*[/.]\s*(\d{4}|\d{2}))?\b")
WORDED = re.compile(
    rf"\b(\d{{1,2}}|primeiro)\s*(?:o\s+)?(?:de\s+)({'|'.join(MONTHS)})(?:\s+de\s+(\d{{4}}))?\b"
)
DAY_OF_MONTH = re.compile(r"\bdia\s+(\d{1,2})\b")
IN_DAYS = re.compile(rf"\b(?:daqui(?:\s+a)?|em)\s+({NUMBER})\s+(dia|semana)s?\b")
WEEKDAY = re.compile(
    rf"\b({'|'.join(WEEKDAYS)})(?:[- ]?feira)?\b"
    r"(\s+(?:da\s+)?(?:que\s+vem|semana\s+que\s+vem|proxima))?"
)
NEXT_WEEK = re.compile(r"\bsemana que vem\b|\bproxima semana\b")
CLOCK = re.compile(r"(?<![\d/])(\d{1,2})\s*(?:h|hs|hrs|horas?|:)\s*(\d{2})?(?!\d|/)")
AT_HOUR = re.compile(
    rf"\b(?:as|a partir das|umas|pelas)\s+({NUMBER})\b(?!\s*(?:/|de\s+(?:{'|'.join(MONTHS)})))"
)
HOUR_OF_PART = re.compile(rf"\b({NUMBER})\s+(?:e meia\s+)?(?:horas?\s+)?da\s+(manha|tarde|noite)\b")


def _number(word: str) -> int:
    return NUMBERS.get(word) or int(word)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_year_if_past(day: date | None, today: date, year_said: bool) -> date | None:
    if day and day < today and not year_said and today - day > timedelta(days=30):
        return _date(day.year + 1, day.month, day.day)
    return day


def _slashed(plain: str, today: date) -> date | None:
    match = SLASHED.search(plain)
    if not match:
        return None
    year = int(match[3]) if match[3] else today.year
    if year < 100:
        year += 2000
    day = _date(year, int(match[2]), int(match[1]))
    return _next_year_if_past(day, today, bool(match[3]))


def _worded(plain: str, today: date) -> date | None:
    match = WORDED.search(plain)
    if not match:
        return None
    number = 1 if match[1] == "primeiro" else int(match[1])
    day = _date(int(match[3] or today.year), MONTHS.index(match[2]) + 1, number)
    return _next_year_if_past(day, today, bool(match[3]))


def _day_of_month(plain: str, today: date) -> date | None:
    match = DAY_OF_MONTH.search(plain)
    if not match:
        return None
    for ahead in range(3):
        years, month = divmod(today.month - 1 + ahead, 12)
        day = _date(today.year + years, month + 1, int(match[1]))
        if day and day >= today:
            return day
    return None


def _weekday(plain: str, today: date) -> date | None:
    match = WEEKDAY.search(plain)
    if not match:
        return None
    ahead = (WEEKDAYS.index(match[1]) - today.weekday()) % 7 or 7
    monday_next = today + timedelta(days=7 - today.weekday())
    if NEXT_WEEK.search(plain):
        return monday_next + timedelta(days=WEEKDAYS.index(match[1]))
    return today + timedelta(days=ahead)


def _relative(plain: str, today: date) -> date | None:
    if "depois de amanha" in plain:
        return today + timedelta(days=2)
    if re.search(r"\bontem\b", plain):
        return today - timedelta(days=1)
    if re.search(r"\bamanha\b", plain):
        return today + timedelta(days=1)
    if re.search(
        r"\bhoje\b|\b(?:pra|para|ser|ainda) agora\b|\bagora (?:mesmo|a tarde|de tarde)\b", plain
    ):
        return today
    match = IN_DAYS.search(plain)
    if not match:
        return None
    unit = timedelta(weeks=1) if match[2] == "semana" else timedelta(days=1)
    return today + _number(match[1]) * unit


def find_day(text: str, now: datetime) -> ParseResult:
    """The day that the text names, as an ISO date, past or future; nothing when it names none."""
    plain = normalize_text(text)
    today = now.date()
    ways = (_slashed, _worded, _relative, _weekday, _day_of_month)
    day = next((found for way in ways if (found := way(plain, today))), None)
    return ParseResult(day.isoformat()) if day else NO_MATCH


def day_problem(day: date, now: datetime) -> str:
    """Why no visit can be on this day: day_past, day_sunday, day_far, or nothing."""
    if day < now.date():
        return "day_past"
    if day.weekday() == WEEKDAYS.index("domingo"):
        return "day_sunday"
    return "day_far" if day > now.date() + FARTHEST else ""


def parse_day(text: str, now: datetime) -> ParseResult:
    """The day that was asked for, or what is wrong with what came instead."""
    found = find_day(text, now)
    if found.value is None:
        return ParseResult(problem="day_missing")
    problem = day_problem(date.fromisoformat(found.value), now)
    return ParseResult(problem=problem) if problem else found


def _clock(hour: int, minute: int) -> ParseResult:
    if hour > 23 or minute > 59 or not OPENS <= hour < CLOSES:
        return ParseResult(problem="hour_outside")
    return ParseResult(f"{hour}h{minute:02d}" if minute else f"{hour}h")


def _said_hour(plain: str) -> ParseResult:
    minute_in_words = 30 if "e meia" in plain else 0
    match = HOUR_OF_PART.search(plain)
    if match:
        hour = _number(match[1])
        if match[2] in {"tarde", "noite"} and hour < 12:
            hour += 12
        return _clock(hour, minute_in_words)
    match = CLOCK.search(plain)
    if match:
        return _clock(int(match[1]), int(match[2] or 0))
    match = AT_HOUR.search(plain)
    if not match:
        return NO_MATCH
    hour = _number(match[1])
    if hour < OPENS - 1:
        hour += 12
    return _clock(hour, minute_in_words)


def find_period(text: str) -> ParseResult:
    """The part of the day: "manhã", "tarde" or an hour such as "14h" or "14h30"; an hour outside
    the day is a problem.
    """
    plain = normalize_text(text)
    hour = _said_hour(plain)
    if hour.value or hour.problem:
        return hour
    if re.search(r"\bmeio[- ]dia\b", plain):
        return ParseResult("12h")
    if re.search(
        r"\b(?:de|da|pela|a) manha\b|^manha\b|\bmanhazinha\b|\bcedo\b|\bmatutino\b", plain
    ):
        return ParseResult("manhã")
    if re.search(r"(?<!boa )\btarde\b|\bvespertino\b|\btardinha\b", plain):
        return ParseResult("tarde")
    if re.search(r"\b(?:de|da|a) noite\b", plain):
        return ParseResult(problem="hour_outside")
    return NO_MATCH


def parse_period(text: str) -> ParseResult:
    """The part of the day that was asked for, or what is wrong with what came instead."""
    found = find_period(text)
    if re.search(r"\btanto faz\b|\bqualquer\b", normalize_text(text)):
        return ParseResult("manhã ou tarde")
    return found if found.value or found.problem else ParseResult(problem="period_missing")


def show_day(iso: str) -> str:
    """An ISO date as people read it: "sexta-feira, 27/11"."""
    day = date.fromisoformat(iso)
    return f"{WEEKDAY_NAMES[day.weekday()]}, {day:%d/%m}"
