"""A written dialogue as a person wrote it (see tests/dialogues/README.md), read into scenes; a
mistake in it is told with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parents[1] / "dialogues"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SAO_PAULO)
WEEKDAYS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
UNITS = {"minuto": 60, "hora": 3600, "dia": 86_400}


class BadScript(Exception):
    """A dialogue is not written as the README says."""


class Act(StrEnum):
    """What somebody does: the customer, the desk, the clock, or a fault."""

    TEXT = "Cliente"
    TAP = "botão"
    OLD_TAP = "botão antigo"
    IMAGE = "imagem"
    VIDEO = "vídeo"
    AUDIO = "áudio"
    DOCUMENT = "documento"
    STICKER = "figurinha"
    LOCATION = "localização"
    CONTACT = "contato"
    REACTION = "reação"
    UNSUPPORTED = "mensagem não suportada"
    EDIT = "edita a mensagem"
    REVOKE = "apaga a mensagem"
    REPEAT = "a mesma mensagem chega de novo"
    ECHO = "responde pelo celular da empresa"
    TAKE = "Atendente assume"
    OTHER_TAKES = "Outro atendente tenta assumir"
    REPLY = "Atendente"
    HAND_BACK = "Atendente devolve"
    CLOSE = "Atendente encerra"
    RESET = "Equipe reinicia"
    ESCALATE = "Equipe encaminha"
    WAIT = "passa"
    BREAK = "falha técnica"
    MEND = "fim da falha"


BY_CUSTOMER = frozenset(
    {
        Act.TEXT,
        Act.TAP,
        Act.OLD_TAP,
        Act.IMAGE,
        Act.VIDEO,
        Act.AUDIO,
        Act.DOCUMENT,
        Act.STICKER,
        Act.LOCATION,
        Act.CONTACT,
    }
    | {Act.REACTION, Act.UNSUPPORTED, Act.EDIT, Act.REVOKE, Act.REPEAT}
)
WITHOUT_WORDS = frozenset(
    {Act.TAKE, Act.OTHER_TAKES, Act.HAND_BACK, Act.CLOSE, Act.RESET, Act.ESCALATE}
)
IN_BRACKETS = frozenset(set(Act) - WITHOUT_WORDS - {Act.TEXT, Act.REPLY, Act.WAIT})


class Check(StrEnum):
    """What a line compares with what happened."""

    BOT = "Robô"
    NOT_SAID = "Robô não diz"
    BUTTONS = "Botões"
    STATE = "Estado"
    TICKET = "Chamado"
    LEAD = "Lead"
    APPOINTMENT = "Agenda"
    QUEUE = "Fila"
    NOTICES = "Avisos"
    CONTACT = "Cadastro"
    FORGOTTEN = "Histórico não guarda"


@dataclass(frozen=True)
class Doing:
    """One act, with its words, or the seconds that pass."""

    act: Act
    words: str = ""
    seconds: int = 0


@dataclass(frozen=True)
class Expected:
    """One check, with the line of the file that asks for it."""

    check: Check
    words: str
    line: int


@dataclass
class Scene:
    """What is done at once, then what must have come of it."""

    doings: list[Doing] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    line: int = 0


@dataclass
class Script:
    """A whole dialogue."""

    name: str
    title: str = ""
    why: str = ""
    customer: str = "Marina Alves"
    at: datetime = MONDAY
    known: dict[str, str] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    appointments: list[str] = field(default_factory=list)
    full_times: list[str] = field(default_factory=list)
    ahead: int = 0
    scenes: list[Scene] = field(default_factory=list)

    @property
    def breaks(self) -> bool:
        """Whether the dialogue has a technical fault on purpose."""
        return any(doing.act is Act.BREAK for scene in self.scenes for doing in scene.doings)


def paths() -> list[Path]:
    """All dialogues, in the order of their names."""
    return sorted(FOLDER.glob("*/*.txt"))


def read(path: Path) -> Script:
    """The dialogue in a file; BadScript names the line that is wrong."""
    return parse(path.read_text(encoding="utf-8"), f"{path.parent.name}/{path.stem}")


def parse(text: str, name: str = "") -> Script:
    """The dialogue in a text."""
    script = Script(name)
    for number, line in _lines(text):
        if not script.scenes and _head(script, line):
            continue
        try:
            _add(script, line, number)
        except (ValueError, KeyError) as error:
            raise BadScript(
                f"{name}, linha {number}: {line!r} não foi entendida ({error})"
            ) from None
    if not script.title or not script.why or not script.scenes:
        raise BadScript(f"{name}: faltam o Título, o Por quê ou a conversa")
    return script


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _head(script: Script, line: str) -> bool:
    """Take in a line of the head; whether it was one."""
    key, _, words = (part.strip() for part in line.partition(":"))
    match key:
        case "Título":
            script.title = words
        case "Por quê":
            script.why = words
        case "Nome do cliente":
            script.customer = words
        case "Momento":
            script.at = _moment(words)
        case "Já é cliente":
            script.known = dict(_pair(part) for part in words.split(";") if part.strip())
        case "Certificado registrado":
            script.certificates.append(words)
        case "Chamado existente":
            script.tickets.append(words)
        case "Horário marcado" | "Horário cheio":
            mine = key == "Horário marcado"
            (script.appointments if mine else script.full_times).append(words)
        case "Fila antes dele":
            script.ahead = int(words)
        case _:
            return False
    return True


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.strip().partition(" ")
    return key, value.strip()


def _moment(words: str) -> datetime:
    """ "domingo 21h" or "25/12/2026 10h"."""
    day, hour = words.split()
    this_week = MONDAY + timedelta(days=WEEKDAYS.index(day)) if day in WEEKDAYS else None
    date = this_week or datetime.strptime(day, "%d/%m/%Y").replace(tzinfo=SAO_PAULO)
    return date.replace(hour=int(hour.removesuffix("h")), minute=0)


def _add(script: Script, line: str, number: int) -> None:
    expected = _expected(line, number)
    if expected:
        if not script.scenes:
            raise ValueError("nada aconteceu ainda")
        script.scenes[-1].expected.append(expected)
        return
    doing = _doing(line)
    scene = script.scenes[-1] if script.scenes else None
    if scene is None or scene.expected or not _burst(scene.doings[-1], doing):
        scene = Scene(line=number)
        script.scenes.append(scene)
    scene.doings.append(doing)


def _burst(before: Doing, doing: Doing) -> bool:
    """Lines of a customer that follow each other come together, before the robot answers."""
    return before.act in BY_CUSTOMER and doing.act in BY_CUSTOMER


def _expected(line: str, number: int) -> Expected | None:
    key, colon, words = line.partition(":")
    return Expected(Check(key), words.strip(), number) if colon and key in set(Check) else None


def _doing(line: str) -> Doing:
    if line.rstrip(".") in WITHOUT_WORDS:
        return Doing(Act(line.rstrip(".")))
    if line.startswith("["):
        return _bracketed(line)
    key, colon, words = line.partition(":")
    if not colon or key not in {Act.TEXT, Act.REPLY}:
        raise ValueError("comece por Cliente:, Robô: ou outra palavra do README")
    words = words.strip()
    return (
        _bracketed(words) if key == Act.TEXT and words.startswith("[") else Doing(Act(key), words)
    )


def _bracketed(line: str) -> Doing:
    match = re.fullmatch(r"\[([^\]]+)\]\s*(.*)", line)
    if match is None:
        raise ValueError("falta fechar o colchete")
    passes = re.fullmatch(r"passam? (?:mais )?(\d+) (minuto|hora|dia)s?", match[1])
    if passes:
        return Doing(Act.WAIT, seconds=int(passes[1]) * UNITS[passes[2]])
    if match[1] not in IN_BRACKETS:
        raise ValueError(f"não conheço [{match[1]}]")
    return Doing(Act(match[1]), match[2])
