"""Hours and parts of a day, as people say them: "14h30", "umas 3 da tarde", "logo cedo",
"depois das 14h".

A period is spelled in one way each, which this module reads back: `manhã`, `tarde`, `noite`,
`manhã ou tarde`, `cedo`, `fim da manhã`, `hora do almoço`, `início da tarde`, `fim da tarde`, an
hour such as `14h` or `14h30`, `a partir das 14h`, `até as 11h`, `entre 10h e 11h30`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from gatte.conversation.parsing.mentions import Mention, last_group, readable, split_refused
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text, union

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
    "catorze": 14,
    "quinze": 15,
    "dezesseis": 16,
    "dezessete": 17,
    "dezoito": 18,
    "dezenove": 19,
    "vinte": 20,
}
MINUTES = {"meia": 30, "quinze": 15, "trinta": 30, "quarenta e cinco": 45, "quarenta": 40}
NUMBER = r"\d{1,2}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
MINUTE = r"\d{2}|" + "|".join(MINUTES)
EVENING_FROM = 7
"""A bare hour below this is one of the afternoon."""
NOON = 12

PARTS: dict[str, tuple[time, time]] = {
    "cedo": (time(0), time(10)),
    "fim da manhã": (time(10, 30), time(12)),
    "manhã": (time(0), time(12)),
    "hora do almoço": (time(11, 30), time(14)),
    "início da tarde": (time(13), time(15)),
    "fim da tarde": (time(16), time(19)),
    "tarde": (time(13), time(19)),
    "noite": (time(18), time.max),
    "manhã ou tarde": (time(0), time.max),
}
"""From when to when (exclusive) each part of the day may begin an appointment."""
PART_WORDS: dict[str, re.Pattern[str]] = {
    "manhã ou tarde": union(
        r"\bqualquer (?:um )?(?:hora|horario|periodo|momento)",
        r"\bo dia (?:todo|inteiro)\b",
        r"\btanto faz (?:a hora|o horario|o periodo)",
        r"\bmanha ou (?:a |de )?tarde\b",
    ),
    "fim da manhã": union(
        r"\b(?:fim|final) da manha\b",
        r"\b(?:antes|perto) d[oa] (?:hora do )?almoco\b",
    ),
    "início da tarde": union(
        r"\b(?:inicio|comeco|comecinho) da tarde\b",
        r"\b(?:logo )?(?:depois|apos) (?:d?o )?almoco\b",
    ),
    "fim da tarde": union(
        r"\b(?:fim|final|finalzinho) d[ae] tarde\b",
        r"\btardinha\b",
        r"\b(?:fim|final) do (?:dia|expediente)\b",
    ),
    "hora do almoço": union(r"\b(?:hora|horario) d[oe] almoco\b", r"\bno almoco\b"),
    "cedo": union(
        r"\b(?:logo |bem |mais )?ced(?:o|inho)\b",
        r"\bmanhazinha\b",
        r"\bprimeir[ao] (?:hora|horario)\b(?! que tiver| livre| vago| disponivel)",
    ),
    "manhã": union(
        r"\b(?:de|da|pela|a|na parte da|no periodo da) manha\b",
        r"^manha\b",
        r"\bmatutino\b",
    ),
    "tarde": union(r"(?<!boa )\btarde\b", r"\bvespertino\b"),
    "noite": union(r"(?<!boa )\b(?:de|da|a) noite\b", r"^noite\b"),
}
PART_NAMES = tuple(PART_WORDS)
PART = re.compile(
    "|".join(f"(?P<p{place}>{words.pattern})" for place, words in enumerate(PART_WORDS.values()))
)
CLOCK = re.compile(
    r"(?<![\d/.,:-])"
    r"(?:\b(?P<lead>as|pelas|pras|umas|uns|das|tipo|por volta de)\s+)?"
    rf"\b(?P<hour>{NUMBER})(?![\d/])"
    r"(?:\s*(?P<unit>hs|hrs?|horas?|h|:)(?![a-z])\s*(?P<minute>\d{2}(?!\d))?)?"
    rf"(?:\s+e\s+(?P<words>{MINUTE})\b)?(?:\s*min(?:utos?)?\b)?"
    r"(?:\s+(?:da|de)\s+(?P<part>manha|tarde|noite)\b)?"
    r"(?!\s*/|\s+de (?:jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez)|\s+dias?\b|\s+semanas?\b)"
)
NOON_WORDS = re.compile(r"\bmeio[- ]dia(?P<half> e meia)?\b")
HOUR_UNIT = r"(?:\s*(?:h|hs|horas?|:)(?![a-z]))?"
BETWEEN = re.compile(
    rf"\b(?:entre|das)\s+(?:as\s+)?(?P<h1>{NUMBER}){HOUR_UNIT}(?P<m1>\d{{2}})?"
    rf"\s+(?:e|as|ate as|a)\s+(?:as\s+)?(?P<h2>{NUMBER}){HOUR_UNIT}(?P<m2>\d{{2}})?"
    r"(?:\s+da\s+(?P<part>manha|tarde|noite))?\b"
)
FROM = re.compile(r"(?:depois|a partir|apos|passando)\s*(?:de|das|da|do|as)?\s*$")
UNTIL = re.compile(r"(?:antes|ate)\s*(?:de|das|da|do|as)?\s*$")
AN_HOUR = re.compile(r"um(?:a)? (?:hora|horario)")
AT = re.compile(r"\b(?:a|as|ate|da|das|pela|para|pra)\s*$")
OF_DAY = re.compile(r"\s*(?:da|de) (?:manha|tarde|noite)\b")
BEFORE_MENTION = 24
ANY_TIME = re.compile(r"\btanto faz\b|\bqualquer\b|\btudo faz\b")
SAME_TIME = re.compile(r"\bmesm[ao]s? (?:hora|horario|hr|horinha)\b|\b(?:hora|horario) mesmo\b")
BARE_HOUR = re.compile(rf"\W*(?:pode ser |as |umas |a )*(?P<hour>{NUMBER})(?: mesmo)?\W*")
SPELLED = re.compile(
    r"(?:(?P<kind>a partir das|até as|entre) )?(?P<h1>\d+)h(?P<m1>\d*)"
    r"(?: e (?P<h2>\d+)h(?P<m2>\d*))?"
)


@dataclass(frozen=True)
class TimeWindow:
    """When an appointment of a period may begin: from `first` on and before `last`; exactly at
    `first` when both are the same.
    """

    first: time
    last: time

    @property
    def exact(self) -> bool:
        """Whether one hour alone will do."""
        return self.first == self.last

    def holds(self, moment: time) -> bool:
        """Whether an appointment may begin then."""
        return moment == self.first if self.exact else self.first <= moment < self.last


def window_of(period: str) -> TimeWindow | None:
    """The window of a period as this module spells it; None for anything else."""
    if period in PARTS:
        return TimeWindow(*PARTS[period])
    said = SPELLED.fullmatch(period)
    first = _time(said["h1"], said["m1"]) if said else None
    if said is None or first is None:
        return None
    match said["kind"]:
        case "a partir das":
            return TimeWindow(first, time.max)
        case "até as":
            return TimeWindow(time(0), first)
        case "entre":
            last = _time(said["h2"] or "", said["m2"] or "")
            return TimeWindow(first, last) if last else None
    return TimeWindow(first, first)


def _time(hour: str, minute: str) -> time | None:
    if not hour or int(hour) > 23 or int(minute or 0) > 59:
        return None
    return time(int(hour), int(minute or 0))


def show_time(moment: time) -> str:
    """An hour as a period is spelled: `14h`, `14h30`."""
    return f"{moment.hour}h{moment.minute:02d}" if moment.minute else f"{moment.hour}h"


def says_same_time(text: str) -> bool:
    """Whether the text asks for the hour that was spoken of before."""
    return bool(SAME_TIME.search(readable(text)))


def find_period(text: str) -> ParseResult:
    """The period that the text wants, spelled as above; an hour that no day has is a problem."""
    return period_in(readable(text))


def period_in(plain: str) -> ParseResult:
    """The period in a text that is `readable` already."""
    mentions = sorted(_mentions(plain), key=lambda one: one.start)
    wanted, refused = split_refused(plain, mentions)
    clocks = [one for one in wanted if one.kind == "clock"]
    if clocks:
        return _hour(last_group(plain, clocks)[0].value)
    parts = [one for one in wanted if one.kind == "part"]
    if parts:
        named = [one.value for one in last_group(plain, parts)]
        both = {"manhã", "tarde"} <= set(named)
        return ParseResult("manhã ou tarde" if both else named[0])
    return _the_other_half([one.value for one in refused])


def _hour(value: str) -> ParseResult:
    return ParseResult(value) if window_of(value) else ParseResult(problem="hour_outside")


def _the_other_half(refused: list[str]) -> ParseResult:
    if "manhã" in refused:
        return ParseResult("tarde")
    return ParseResult("manhã") if "tarde" in refused else NO_MATCH


def _mentions(plain: str) -> Iterator[Mention]:
    taken = 0
    for between in BETWEEN.finditer(plain):
        taken = between.end()
        yield Mention(between.start(), between.end(), "clock", _between(between))
    for noon in NOON_WORDS.finditer(plain, taken):
        value = "12h30" if noon["half"] else "12h"
        yield Mention(noon.start(), noon.end(), "clock", _bounded(plain, noon.start(), value))
    for said in CLOCK.finditer(plain, taken):
        if not (said["lead"] or said["unit"] or said["words"] or said["part"]):
            continue
        is_bare = bool(AN_HOUR.fullmatch(said[0].strip())) and not OF_DAY.match(plain, said.end())
        if is_bare and not AT.search(plain[: said.start()]):
            continue  # "tenho uma hora amanhã" is an appointment
        value = _bounded(plain, said.start(), _clock(said, plain))
        yield Mention(said.start(), said.end(), "clock", value)
    for part in PART.finditer(plain):
        name = PART_NAMES[int((part.lastgroup or "p0")[1:])]
        yield Mention(part.start(), part.end(), "part", name)


def _between(said: re.Match[str]) -> str:
    last = _of_day(said["h2"], said["part"])
    first = _of_day(said["h1"], said["part"])
    if first > last:
        first -= NOON
    return f"entre {_spell(first, said['m1'])} e {_spell(last, said['m2'])}"


def _clock(said: re.Match[str], plain: str) -> str:
    hour = _of_day(said["hour"], said["part"] or _part_around(plain))
    minute = said["minute"] or _minute(said["words"])
    return _spell(hour, minute)


def _part_around(plain: str) -> str:
    """The half of the day that a text speaks of, where it speaks of one."""
    afternoon = re.search(r"(?<!boa )\btarde\b|\balmoco\b", plain)
    return "tarde" if afternoon and "manha" not in plain.replace("amanha", "") else ""


def _of_day(spoken: str, part: str | None) -> int:
    hour = NUMBERS.get(spoken) or int(spoken)
    if part in {"tarde", "noite"} and hour < NOON:
        late_morning = part == "tarde" and hour >= 10
        return hour if late_morning else hour + NOON
    if part == "manha":
        return hour
    return hour + NOON if 0 < hour < EVENING_FROM else hour


def _minute(spoken: str | None) -> str:
    if not spoken:
        return ""
    return str(MINUTES.get(spoken) or int(spoken))


def _spell(hour: int, minute: str | None) -> str:
    minutes = int(minute or 0)
    return f"{hour}h{minutes:02d}" if minutes else f"{hour}h"


def _bounded(plain: str, start: int, value: str) -> str:
    """The hour as a bound, where the words before it make it one."""
    before = plain[max(0, start - BEFORE_MENTION) : start]
    if FROM.search(before):
        return f"a partir das {value}"
    return f"até as {value}" if UNTIL.search(before) else value


def parse_period(text: str) -> ParseResult:
    """The period that answers the question for one, or what is wrong with what came instead."""
    if window_of(text.strip()):
        return ParseResult(text.strip())
    found = find_period(text)
    if found.value or found.problem:
        return found
    plain = normalize_text(text)
    if ANY_TIME.search(plain):
        return ParseResult("manhã ou tarde")
    bare = BARE_HOUR.fullmatch(readable(text))
    if bare:
        return _hour(_spell(_of_day(bare["hour"], ""), ""))
    return ParseResult(problem="period_missing")
