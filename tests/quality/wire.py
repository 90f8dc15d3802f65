"""What leaves for Gemini: dialogues full of personal values, played through the real system with a
stand-in that keeps every request. Numbers are spelled in many ways, and words reach the bot typed,
in two messages, spoken, as captions and file names, and quoting what was said before.

`python -m tests.quality.wire` plays 300 and writes what was found to `.gatte/quality/wire.json`,
and with `--out` a table; 1 where anything left that must not, or a turn asked more often than it
may.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from stdnum import luhn
from stdnum.br import cnpj, cpf

from gatte.conversation.parsing.normalize import fold
from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.infra.schema import migrate
from gatte.privacy.tax_ids import is_cnpj, is_cpf
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import Call, FakeGemini, spoken
from tests.fakes.meta import FakeMeta
from tests.process_system import build_models
from tests.quality.play import NOW
from tests.quality.system import COMPANY, make_agents
from tests.quality.value_spellings import Carrier, respelled
from tests.stage.script import Act, Doing, Script
from tests.stage.stage import Stage, seeded
from tests.store_fixtures import running_stores

RESULT = Path(".gatte/quality/wire.json")
DIALOGUES = 300
LETTERS_IN_A_ROW = 3
DIGITS_IN_A_ROW = 7
"""So many digits of a number are a leak, although others are missing."""
NUMBERS = frozenset({"document", "document_bare", "cnpj", "phone", "card", "boleto"})
TOKEN = "made-up-token-of-meta"
PAGE = """# What leaves for Gemini

Written by `python -m tests.quality.wire --out docs/wire.md`: dialogues of invented customers, full
of personal values, through the real system with a stand-in for Gemini that keeps every request.
Audio that is transcribed leaves as it was spoken; what is made of its words does not count it.

"""
FIRST = ("Joana", "Wellington", "Sebastião", "Iara", "Thaís", "Gumercindo", "Érica", "Kauê")
LAST = ("Brandt", "Figueiredo", "Nakamura", "Gonçalves", "Wagner", "Quintela", "Schuch", "Abreu")
NEW_FIRST, NEW_LAST = ("Dagoberto", "Ludmila", "Ozéias"), ("Pfeifer", "Zanotto")
KINDS = ("Padaria", "Metalúrgica", "Auto Peças", "Clínica")
MARKS = ("Trevisol", "Jacarandá", "Peroba Rosa", "Itapuã")

OPENINGS = (
    "aqui é {first}, aquele negócio do {document} ainda tá enrolado, cês conseguem ver?",
    "então, é sobre o que falei com o rapaz, o cpf {document} e o fone {phone}, o que faço agora?",
    "meu email {email} não recebe nada de vcs, tem como isso?",
    "a {company} ({cnpj}) tá com um treco estranho no certificado, e agora?",
    "paguei com o cartão {card} e sumiu tudo, como fica?",
    "o rapaz mandou o token {key} e não entra, é normal?",
    "fala com {name} sobre a {company}, ele que cuida disso né?",
    "nasci em {birth} e lá diz outra coisa, muda algo?",
)
FOLLOWING = (
    "e esse outro, {cnpj}, também?",
    "pode ser no {phone} mesmo ou tem que ser outro?",
    "mas é {email} ou {email_spoken}?",
    "{first} falou que isso não presta, é verdade?",
    "sei lá, vê pelo {document_bare} então",
    "a {company_short} pediu assim, tá certo isso?",
    "minha senha {password} não funciona",
    "chave: {key}",
    "e isso serve pra {name} também?",
    "queria comprar um certificado pra {company}",
    "tem algum problema com o boleto {boleto}?",
)
NEW_NAMES = (
    "meu nome é {new_name}",
    "{new_name}",
    "quem vai usar é {new_name}, tá bom assim?",
    "põe no nome de {new_name} por favor",
)


@dataclass
class Findings:
    """What was seen on the wire."""

    dialogues: int = 0
    turns: int = 0
    understand: int = 0
    respond: int = 0
    leaks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    new_names: Counter[str] = field(default_factory=Counter)
    spellings: Counter[str] = field(default_factory=Counter)
    carriers: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Whether nothing left that must not, and no turn asked too often or otherwise."""
        return not self.leaks and not self.faults

    def as_json(self) -> dict[str, Any]:
        """All figures as JSON values."""
        told = sum(self.new_names.values())
        left = self.new_names["left"]
        return {
            **{name: value for name, value in vars(self).items() if name != "new_names"},
            "new_names": {"told": told, "left": left, "rate": left / told if told else 0.0},
        }


@dataclass(frozen=True)
class Wire:
    """The system and the stand-ins for those that it talks to."""

    app: Flask
    agents: tuple[int, int]
    gemini: FakeGemini
    meta: FakeMeta


def play_all(wire: Wire, count: int) -> Findings:
    """Play so many dialogues, always the same ones."""
    found = Findings()
    for number in range(count):
        _play(wire, random.Random(f"wire {number}"), found)
    return found


def personal_values(rng: random.Random) -> dict[str, str]:
    """The values of one invented customer, by what they are."""
    document, company_number = _cpf(rng), _cnpj(rng)
    first, last = rng.choice(FIRST), rng.choice(LAST)
    mark = rng.choice(MARKS)
    user = f"{fold(first)}.{fold(last)}{rng.randrange(100)}"
    card = "".join(rng.choices("0123456789", k=14))
    card = f"4{card}{luhn.calc_check_digit('4' + card)}"
    return {
        "first": first,
        "name": f"{first} {last}",
        "document": rng.choice([cpf.format(document), document]),
        "document_bare": document,
        "cnpj": rng.choice([cnpj.format(company_number), company_number]),
        "phone": f"({rng.choice(['11', '41', '85'])}) 9{rng.randrange(10**7, 10**8)}",
        "email": rng.choice([f"{user}@exemplo.com.br", f"{user} @ exemplo . com . br"]),
        "email_spoken": f"{user} arroba exemplo ponto com",
        "card": " ".join(card[at : at + 4] for at in range(0, 16, 4)),
        "key": "EAA" + "".join(rng.choices("ABCDEFabcdef0123456789", k=30)),
        "password": f"{mark[:4]}{rng.randrange(1000, 9999)}!",
        "company": f"{rng.choice(KINDS)} {mark} Ltda",
        "company_short": mark,
        "birth": f"{rng.randrange(1, 29):02}/{rng.randrange(1, 13):02}/{rng.randrange(1950, 2000)}",
        "boleto": "23793" + "".join(rng.choices("0123456789", k=42)),
        "new_name": f"{rng.choice(NEW_FIRST)} {rng.choice(NEW_LAST)}",
    }


def _cpf(rng: random.Random) -> str:
    return _with_check_digits("".join(rng.choices("0123456789", k=9)), is_cpf)


def _cnpj(rng: random.Random) -> str:
    letters = rng.choice(["0123456789", "0123456789ABCDEFGH"])
    return _with_check_digits("".join(rng.choices(letters, k=8)) + "0001", is_cnpj)


def _with_check_digits(root: str, is_right: Callable[[str], bool]) -> str:
    return next(whole for ending in range(100) if is_right(whole := f"{root}{ending:02}"))


def _play(wire: Wire, rng: random.Random, found: Findings) -> None:
    values = personal_values(rng)
    script = Script(
        name="wire",
        customer=values["name"],
        at=NOW,
        known={"nome": values["name"], "documento": values["document_bare"]},
        certificates=[f"e-CNPJ A1, {values['company']}, vence em 20 dias"],
    )
    wire.app.extensions["gatte_gemini"].breaker = CircuitBreaker()
    stage = Stage(wire.app, wire.agents, script)
    found.dialogues += 1
    lines = [rng.choice(OPENINGS), *rng.sample(FOLLOWING, 3), rng.choice(NEW_NAMES)]
    for line in lines:
        before = len(wire.gemini.calls)
        carrier = _say(wire, stage, line, values, rng, found)
        stage.settle()
        calls = wire.gemini.calls[before:]
        _inspect(calls, values, f"{line} ({carrier})", found)
        if "{new_name}" in line:
            left = any(fold(values["new_name"]) in fold(_contents(call)) for call in calls)
            found.new_names["left" if left else "hidden or never asked"] += 1


def _say(
    wire: Wire,
    stage: Stage,
    line: str,
    values: dict[str, str],
    rng: random.Random,
    found: Findings,
) -> str:
    """Say a line with its values, the numbers spelled in some way, on some way; told which."""
    said = dict(values)
    named = [name for name in NUMBERS & values.keys() if f"{{{name}}}" in line]
    ways = []
    for name in sorted(named):
        said[name], way = respelled(values[name], rng)
        ways.append(way)
    carrier = rng.choice(list(Carrier))
    found.spellings.update(ways)
    found.carriers[carrier] += 1
    _carry(wire, stage, line.format(**said), carrier)
    return ", ".join([carrier, *ways])


def _carry(wire: Wire, stage: Stage, words: str, carrier: Carrier) -> None:
    """Let words reach the system on a way; it has not reacted yet."""
    match carrier:
        case Carrier.TYPED:
            stage.do(Doing(Act.TEXT, words))
        case Carrier.SPLIT:
            middle = len(words) // 2
            for part in (words[:middle], words[middle:]):
                stage.do(Doing(Act.TEXT, part))
        case Carrier.CAPTION:
            stage.do(Doing(Act.IMAGE, words))
        case Carrier.DOCUMENT:
            stage.do(Doing(Act.DOCUMENT, f"{words[:60]}.pdf | {words}"))
        case Carrier.VOICE:
            content = spoken(words)
            stage.send(payloads.voice(wire.meta.graph.media.keep(content), content))
        case Carrier.QUOTING:
            part = payloads.text(words)
            if stage.wamids:
                part["context"] = {"from": stage.customer.phone, "id": stage.wamids[-1]}
            stage.send(part)


def _inspect(calls: Sequence[Call], values: dict[str, str], line: str, found: Findings) -> None:
    """Note what the calls of one turn did; audio that is transcribed leaves as it was spoken."""
    read = [call for call in calls if call.audio is None]
    understood = [call for call in read if "mensagens" in call.sent]
    responded = [call for call in read if "trechos" in call.sent]
    found.turns += 1
    found.understand += len(understood)
    found.respond += len(responded)
    if len(understood) > 1 or len(responded) > 1:
        found.faults.append(f"asked {len(understood)} and {len(responded)} times: {line}")
    for call in read:
        wanted = 0.2 if call in understood else 0.4
        if call.config.get("temperature") != wanted or "responseJsonSchema" not in call.config:
            found.faults.append(f"another configuration: {call.config}")
        if not call.config.get("maxOutputTokens"):
            found.faults.append(f"as many tokens as it likes: {line}")
        found.leaks += [f"{name} in: {line}" for name in leaks(_contents(call), values)]


def _contents(call: Call) -> str:
    """What was sent beside the instructions, as text."""
    return json.dumps(call.body["contents"], ensure_ascii=False)


def leaks(sent: str, values: dict[str, str]) -> Iterator[str]:
    """The names of the values that stand in what was sent, in whatever form; of a number also a
    large part of it.
    """
    plain = fold(unicodedata.normalize("NFKC", sent))
    whole = _run_together(plain)
    words = set(re.findall(r"\w+", plain))
    for name, value in values.items():
        if name in {"first", "name", "company_short"}:
            parts = [part for part in fold(value).split() if len(part) >= LETTERS_IN_A_ROW]
            if words & set(parts) - {"rosa"}:
                yield name
        elif name in NUMBERS:
            if any(part in whole for part in _parts(_run_together(value))):
                yield name
        elif name not in {"new_name", "company"} and _run_together(value) in whole:
            yield name


def _parts(number: str) -> Iterator[str]:
    """All pieces of a number that are long enough to be a leak."""
    for at in range(len(number) - DIGITS_IN_A_ROW + 1):
        yield number[at : at + DIGITS_IN_A_ROW]


def _run_together(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


def table(found: Findings) -> str:
    """The findings as Markdown."""
    told = found.as_json()
    rows = {
        "dialogues, turns": f"{found.dialogues}, {found.turns}",
        "numbers spelled otherwise, by way": _counts(found.spellings),
        "lines by the way on which they came": _counts(found.carriers),
        "calls to read a turn, to answer": f"{found.understand}, {found.respond}",
        "turns that asked more than once to read or to answer, or otherwise than configured": str(
            len(found.faults)
        ),
        "documents, phones, e-mails, keys, passwords, cards, record names that left": str(
            len(found.leaks)
        ),
        "names told in the very turn that left with it": (
            f"{told['new_names']['left']} of {told['new_names']['told']}"
        ),
    }
    lines = ["| on the wire to Gemini | |", "|---|---|"]
    lines += [f"| {name} | {figure} |" for name, figure in rows.items()]
    return "\n".join(lines) + "\n"


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


@contextmanager
def wired(database_url: str, redis_url: str) -> Iterator[Wire]:
    """The system in this process between the two stand-ins."""
    with FakeGemini() as gemini, FakeMeta(TOKEN) as meta:
        keys = {
            "gemini_api_key": "made-up-key",
            "gemini_base_url": gemini.url,
            "whatsapp_access_token": TOKEN,
            "whatsapp_api_base_url": meta.url,
            "gatte_media_kinds": "none",
        }
        started = application(database_url, redis_url, gatte_log_level="CRITICAL", **keys)
        with started as app, seeded(app, **COMPANY):
            yield Wire(app, make_agents(app), gemini, meta)
            for client in ("gatte_cloud", "gatte_media", "gatte_gemini"):
                app.extensions[client].close()


def main() -> int:
    """Play what the arguments say and write the findings; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.wire", description=__doc__)
    parser.add_argument("--dialogues", type=int, default=DIALOGUES)
    parser.add_argument("--out", type=Path, help="the Markdown page whose section is written anew")
    given = parser.parse_args()
    build_models()
    with tempfile.TemporaryDirectory() as folder, running_stores(Path(folder)) as stores:
        database_url = stores.postgres.url("postgres")
        migrate(database_url)
        with wired(database_url, stores.valkey.url()) as wire:
            found = play_all(wire, given.dialogues)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    sys.stdout.write(f"{RESULT.read_text(encoding='utf-8')}\n\n{table(found)}")
    if given.out:
        given.out.write_text(PAGE + table(found), encoding="utf-8")
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
