"""Days, as people say them: "depois de amanhã", "quinta ou sexta", "semana que vem", "dia 15/12",
"amanhã não, segunda".
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from gatte.conversation.parsing.day_wishes import is_spelled
from gatte.conversation.parsing.mentions import Mention, last_group, readable, split_refused
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.parsing.times import ANY_TIME, NUMBER, NUMBERS, period_in
from gatte.infra.scoped_cache import scoped

WEEKDAYS = ("segunda", "terca", "quarta", "quinta", "sexta", "sabado", "domingo")
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
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SATURDAY = 5
SOON = timedelta(days=2)
"""A weekday "que vem" that is nearer than this is meant for the week after."""

SHORT_WEEKDAY = r"seg|qua|qui|sex|sab|dom"
MENTION = re.compile(
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    r"|(?P<slashed>(?<![\d/.])(?P<sd>\d{1,2})\s*[/.]\s*(?P<sm>\d{1,2})"
    r"(?:\s*[/.]\s*(?P<sy>\d{4}|\d{2}))?(?![\d/]))"
    rf"|(?P<worded>\b(?P<wd>\d{{1,2}}|primeiro)\s*(?:o\s+)?de\s+(?P<wm>{'|'.join(MONTHS)})\b"
    r"(?:\s+de\s+(?P<wy>\d{4}))?)"
    rf"|(?P<dayof>\bdia\s+(?P<dd>\d{{1,2}})\b(?!\s*[/.]\s*\d|\s+de\s+(?:{'|'.join(MONTHS)}))"
    r"(?P<next>\s+d[oe] (?:mes que vem|proximo mes))?)"
    rf"|(?P<indays>\b(?:daqui(?:\s+a)?|dentro de|em)\s+(?:uns\s+|umas\s+)?(?P<count>{NUMBER})"
    r"\s+(?P<unit>dia|semana)s?\b)"
    r"|(?P<relative>\bdepois de amanha\b|\bamanha\b|\bhoje\b|\bontem\b"
    r"|\b(?:para|ser|ainda) agora\b|\bagora (?:mesmo|a tarde|de tarde)\b)"
    r"|(?P<span>(?:\b(?P<edge>comeco|inicio|meio|fim|final) d[aeo] )?(?:\b(?:na|n[eo]|para|a|o) )?"
    r"\b(?P<name>semana que vem|proxima semana|outra semana|(?:n?est[ae]|n?ess[ae]) semana"
    r"|(?:fim|final) de semana|fds|mes que vem|proximo mes)\b)"
    r"|(?P<weekday>(?:\b(?P<before>proxim[ao]|outr[ao])\s+)?"
    rf"\b(?P<wn>{'|'.join(WEEKDAYS)}|{SHORT_WEEKDAY}|(?<=ou )ter|(?<=seg )ter|^ter)"
    r"(?:[- ]?feira)?\b(?! quinzena| via\b| vez| opcao| parcela)"
    r"(?P<after>\s+(?:d[ao]\s+)?(?:semana\s+que\s+vem|que\s+vem|proxima(?:\s+semana)?"
    r"|outra\s+semana))?"
    r"(?:[\s,]+(?:agora[\s,]+)?(?P<number>\d{1,2})\b(?!\s*(?:[:/.,]\d|h|e meia)))?)"
    r"|(?P<any>\bqualquer (?:dia|data|um)\b|\b(?:o )?(?:quanto|mais) antes\b"
    r"|\bmais (?:rapido|cedo|perto|proximo)(?: possivel)?\b(?! melhor)"
    r"|\bprimeir[oa] (?:horario|dia|data|vaga|hora) (?:que|livre|disponivel|vag)"
    r"|\bassim que (?:der|puder|tiver)|\bquando (?:voces? )?(?:pude|quise|tive)"
    r"|\bo que (?:voces? )?tiver\b|\btanto faz o dia\b)"
)
FROM = re.compile(r"(?:a partir d[eoa]|depois d[eoa]|apos(?: [oa])?)\s*$")
UNTIL = re.compile(r"(?:antes d[eoa]|ate(?: [oa])?)\s*$")
NEXT_WEEK = re.compile(r"semana que vem|proxima semana|outra semana")
BEFORE_MENTION = 20
FEW_WORDS = 4
BARE_DAY = re.compile(r"\W*(?:pode ser |no |o )*(?P<day>\d{1,2})(?: mesmo)?\W*")


def find_day(text: str, now: datetime) -> ParseResult:
    """The days that the text wishes for, past or future; nothing when it names none."""
    plain = readable(text)
    mentions = _merged(plain, list(_mentions(plain, now.date())))
    wanted, refused = split_refused(plain, mentions)
    group = last_group(plain, wanted)
    if not group:
        return ParseResult(problem="day_refused") if refused else NO_MATCH
    bound = _bound_periods(plain, group)
    spelled = "|".join(
        f"{one.value}@{period}" if period else one.value
        for one, period in zip(group, bound, strict=True)
    )
    return ParseResult(spelled + _spell_refused(refused))


@scoped
def _mentions(plain: str, today: date) -> tuple[Mention, ...]:
    """The days of a text, in order; the readers of a turn look at the same words several times."""
    return tuple(_find_mentions(plain, today))


def _find_mentions(plain: str, today: date) -> Iterator[Mention]:
    for said in MENTION.finditer(plain):
        kind = next(name for name in KINDS if said[name] is not None)
        value = KINDS[kind](said, today)
        if value:
            bounded = _bounded(plain, said.start(), value, today)
            yield Mention(said.start(), said.end(), kind, bounded)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _iso(said: re.Match[str], _today: date) -> str:
    year, month, day = (int(part) for part in said["iso"].split("-"))
    found = _date(year, month, day)
    return found.isoformat() if found else ""


def _slashed(said: re.Match[str], today: date) -> str:
    year = int(said["sy"]) if said["sy"] else today.year
    day = _date(year + 2000 if year < 100 else year, int(said["sm"]), int(said["sd"]))
    return _this_year_or_next(day, today, year_said=bool(said["sy"]))


def _worded(said: re.Match[str], today: date) -> str:
    number = 1 if said["wd"] == "primeiro" else int(said["wd"])
    month = MONTHS.index(said["wm"]) + 1
    day = _date(int(said["wy"] or today.year), month, number)
    return _this_year_or_next(day, today, year_said=bool(said["wy"]))


def _this_year_or_next(day: date | None, today: date, *, year_said: bool) -> str:
    if day and not year_said and today - day > timedelta(days=30):
        day = _date(day.year + 1, day.month, day.day)
    return day.isoformat() if day else ""


def _day_of_month(said: re.Match[str], today: date) -> str:
    return _next_with_number(int(said["dd"]), today, skip=1 if said["next"] else 0)


def _next_with_number(number: int, today: date, *, skip: int = 0) -> str:
    for ahead in range(skip, 3 + skip):
        years, month = divmod(today.month - 1 + ahead, 12)
        day = _date(today.year + years, month + 1, number)
        if day and day >= today:
            return day.isoformat()
    return ""


def _in_days(said: re.Match[str], today: date) -> str:
    count = NUMBERS.get(said["count"]) or int(said["count"])
    unit = WEEK if said["unit"] == "semana" else DAY
    return (today + count * unit).isoformat()


def _relative(said: re.Match[str], today: date) -> str:
    days = {"depois de amanha": 2, "amanha": 1, "ontem": -1}
    return (today + days.get(said["relative"], 0) * DAY).isoformat()


def _span(said: re.Match[str], today: date) -> str:
    monday = today - today.weekday() * DAY
    name = said["name"]
    if "mes" in name:
        first = (today.replace(day=1) + 32 * DAY).replace(day=1)
        last = (first + 32 * DAY).replace(day=1) - DAY
        thirds = 10 * DAY
    elif name == "fds" or "de semana" in name:
        first = max(today, monday + SATURDAY * DAY)
        last = monday + 6 * DAY
        thirds = DAY
    else:
        coming = bool(NEXT_WEEK.search(name))
        first = monday + WEEK if coming else today
        last = monday + (WEEK if coming else 0 * DAY) + 6 * DAY
        thirds = 2 * DAY
    if said["edge"] in {"comeco", "inicio"}:
        last = first + thirds - DAY
    elif said["edge"] in {"fim", "final"}:
        first = max(first, last - thirds - 2 * DAY)
    return f"{first}..{last}"


def _weekday(said: re.Match[str], today: date) -> str:
    number = next(at for at, name in enumerate(WEEKDAYS) if name.startswith(said["wn"][:3]))
    monday_next = today + timedelta(days=7 - today.weekday())
    day = today + timedelta(days=(number - today.weekday()) % 7 or 7)
    told = f"{said['before'] or ''} {said['after'] or ''}"
    if said["number"]:
        dated = _next_with_number(int(said["number"]), today)
        if dated and date.fromisoformat(dated).weekday() == number:
            return dated
    if "semana" in told:
        day = monday_next + number * DAY
    elif (said["before"] or "").startswith("outr") or ("que vem" in told and day - today <= SOON):
        day += WEEK
    return day.isoformat()


def _any(_said: re.Match[str], today: date) -> str:
    return f"{today}.."


KINDS = {
    "iso": _iso,
    "slashed": _slashed,
    "worded": _worded,
    "dayof": _day_of_month,
    "indays": _in_days,
    "relative": _relative,
    "span": _span,
    "weekday": _weekday,
    "any": _any,
}
DATED = frozenset({"iso", "slashed", "worded", "dayof"})


def _bounded(plain: str, start: int, value: str, today: date) -> str:
    """The day as a bound, where the words before it make it one."""
    if ".." in value:
        return value
    before = plain[max(0, start - BEFORE_MENTION) : start]
    if FROM.search(before):
        excludes = not before.rstrip().startswith("a partir") and "a partir" not in before
        first = date.fromisoformat(value) + (DAY if excludes else 0 * DAY)
        return f"{first}.."
    if not UNTIL.search(before):
        return value
    last = date.fromisoformat(value) - (DAY if "antes" in before else 0 * DAY)
    return f"{today}..{last}"


def _merged(plain: str, mentions: Sequence[Mention]) -> list[Mention]:
    """A weekday and the date or the week beside it are one day."""
    merged: list[Mention] = []
    for one in mentions:
        last = merged[-1] if merged else None
        if last is None or not _stands_beside(plain, last, one):
            merged.append(one)
        elif last.kind == "any" and one.kind == "span":
            merged[-1] = Mention(last.start, one.end, "span", one.value)
        elif one.kind == "any":
            continue
        elif {last.kind, one.kind} == {"weekday", "span"}:
            weekday, span = (last, one) if last.kind == "weekday" else (one, last)
            value = _in_span(weekday.value, span.value)
            merged[-1] = Mention(last.start, one.end, "weekday", value)
        elif last.kind == "weekday" and one.kind in DATED:
            merged[-1] = Mention(last.start, one.end, one.kind, one.value)
        elif last.kind in DATED and one.kind == "weekday":
            merged[-1] = Mention(last.start, one.end, last.kind, last.value)
        else:
            merged.append(one)
    return merged


def _stands_beside(plain: str, one: Mention, other: Mention) -> bool:
    between = plain[one.end : other.start]
    apart = re.search(r"\bou\b|\bmas\b|\bnao\b|[.;]|\be\b(?! dia)", between)
    return not apart and len(between.split()) <= FEW_WORDS


def _in_span(weekday: str, span: str) -> str:
    first, _, last = span.partition("..")
    day = date.fromisoformat(first)
    wanted = date.fromisoformat(weekday.partition("..")[0]).weekday()
    day += ((wanted - day.weekday()) % 7) * DAY
    return day.isoformat() if not last or day <= date.fromisoformat(last) else weekday


def _bound_periods(plain: str, group: Sequence[Mention]) -> list[str]:
    """The period of each alternative, where they have different ones; else none for any."""
    ends = [one.start for one in group[1:]] + [len(plain)]
    found = [
        period_in(plain[one.start : end]).value or "" for one, end in zip(group, ends, strict=True)
    ]
    return found if len({one for one in found if one}) > 1 else [""] * len(group)


def _spell_refused(refused: Sequence[Mention]) -> str:
    days = [
        str(date.fromisoformat(one.value).weekday()) if one.kind == "weekday" else one.value
        for one in refused
        if ".." not in one.value
    ]
    return f"!{','.join(dict.fromkeys(days))}" if days else ""


def parse_day(text: str, now: datetime) -> ParseResult:
    """The days that answer the question for one, or what is wrong with what came instead."""
    if is_spelled(text):
        return ParseResult(text)
    found = find_day(text, now)
    if found.value or found.problem:
        return found
    plain = readable(text)
    bare = BARE_DAY.fullmatch(plain)
    numbered = _next_with_number(int(bare["day"]), now.date()) if bare else ""
    if numbered:
        return ParseResult(numbered)
    if ANY_TIME.search(plain):
        return ParseResult(f"{now.date()}..")
    return ParseResult(problem="day_missing")
