"""Clauses of a text with what they say of their words: which are denied, what must, may or need not
be, and which of several rivals (A1 or A3, Pix or boleto) is meant.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gatte.conversation.parsing.dates import MONTHS
from gatte.conversation.parsing.normalize import fold, word_set

KEPT_TEXTS = 2_000

SENTENCE_END = re.compile(r"(?<=[.!?])[\"”)]*\s+|\n+")
CLAUSE_END = re.compile(r"[;:]\s|,\s+(?=(?:mas|porem|so que|e sim)\b)|\s(?=mas\s)")
CHUNK_END = frozenset(",;:()") | {"e", "ou", "mas"}
TOKEN = re.compile(r"[a-z0-9$%]+(?:[-./][a-z0-9]+)*|[,;:().!?]")
MEASURE = re.compile(
    r"\b(\d+) (segundo|minuto|hora|dia|semana|mes|ano|vez|parcela|copia|maquina)(?:e?s)?\b"
)
STOPPING = re.compile(r"\b(?:deix\w+|par(?:a|am|ou)|perd\w+) de (?=\w+r\b)")
ANSWER_WORD = re.compile(r"^(?:sim|nao)[,.!] ")
"""A yes or a no before what is said denies nothing of it."""
DENIES_NOTHING = re.compile(
    r"\bnao (?=(?:\w+ ){1,5}nao (?:impede|impossibilita|atrapalha))|\bou (?:sem|nao)\b"
)
"""Denials that deny nothing: "não ter CNH não impede", "com ou sem pontos"."""
NOT_IN_THE_WAY = re.compile(r"\bnao (?:impede|impossibilita|atrapalha)\b")
VIDEO_CALL = re.compile(r"\b(?:video ?chamada|chamada (?:de|por) video)\b")
NEGATIONS = dict.fromkeys(
    word_set(
        "nao nunca jamais nem nada ninguem "
        "evite evitar evita "
        "proibido proibida vedado vedada impossivel "
        "dispensa"
    ),
    6,
) | dict.fromkeys(word_set("sem nenhum nenhuma"), 2)
"""Words that deny, and how many words behind them they may deny."""
LOOK_BACK = 40
"""Characters before a modal verb in which a negation may stand."""
NOT_ONLY = word_set("so apenas somente")
STOPS = word_set(", ; : ( ) . ! ? mas porem entao depois antes ate quando se que porque")
AND = frozenset({"e"})
NEW_VERBS = word_set("sera vai vao voce")
"""Words behind "e" with which a clause of its own begins."""
EMPTY_WORDS = word_set(
    "a o as os um uma uns umas "
    "de do da dos das no na nos nas em ao aos num numa "
    "com por para pra pro pelo pela pelos pelas sobre entre ate "
    "e ou que se como quando onde porque pois entao assim enquanto "
    "mais menos ja so tambem muito muita muitos pouco bem ainda "
    "la ai aqui ali "
    "isso isto esse essa este esta neste nesta nesse nessa "
    "eu me meu minha te seu sua seus suas voce voces lhe "
    "ele ela eles elas dele dela deles delas nosso nossa gente "
    "qual quais quem cada outro outra outros outras mesmo mesma "
    "tudo todo toda algo algum alguma alguns algumas "
    "nao nunca nem sem nada ninguem nenhum nenhuma jamais sim "
    "ser era foi sao sera seria "
    "estar estao estiver fica ficar ficam "
    "ter tem tenha teve tinha tiver ha haver "
    "vai vao ir vou "
    "dar dao fazer faz faca feito feita "
    "poder pode podem precisar precisa precisam dever deve devem "
    "querer quer quiser consegue conseguir possivel preciso basta "
    "verifique verificar confira conferir veja ver olhe olhar "
    "geral vez vezes certo certa melhor coisa coisas caso jeito favor ok "
    "primeiro conforme depois antes desde durante apos"
).union(MONTHS)
"""Words that say nothing of a topic; months are numbers, which `factual_claims` compares.
"""
COMMON_WORDS = word_set("certificado certificados certificadora autoridade digital")
"""Words that stand in every other article."""
SYNONYMS = {
    "mandar": "enviar",
    "mande": "enviar",
    "manda": "enviar",
    "mandam": "enviar",
    "envia": "enviar",
    "enviam": "enviar",
    "envie": "enviar",
    "enviados": "enviar",
    "tirar": "emitir",
    "obrigatorio": "obrigar",
    "obrigado": "obrigar",
    "online": "on-line",
    "internet": "on-line",
    "video": "videoconferencia",
    "validado": "validacao",
    "adquirir": "comprar",
    "remarcar": "reagendar",
    "recomendado": "recomendar",
    "ideal": "recomendar",
    "nota": "notas",
    "pagar": "pagamento",
    "pague": "pagamento",
    "paga": "pagamento",
    "valida": "valido",
    "validade": "vale",
    "gravacao": "gravar",
}


class Modality(StrEnum):
    """Whether something must, may, must not or need not be."""

    NECESSARY = "necessary"
    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"
    UNNECESSARY = "unnecessary"


NECESSITY = re.compile(
    r"\b(?:dev(?:e|em|era|erao)|precis(?:a|am|ara)|tem que|tem de|obrig\w+|exig\w+|e preciso"
    r"|necess\w+|indispensa\w+|so com)\b"
)
POSSIBILITY = re.compile(
    r"\b(?:pod(?:e|em|era|erao)|da (?:pra|para)|ha (?:como|jeito)|tem (?:como|jeito)|consegue\w*"
    r"|possivel|permit\w+|aceit\w+|liberad\w+)\b"
)
MODAL = re.compile(f"{NECESSITY.pattern}|{POSSIBILITY.pattern}")
UNNECESSARY = re.compile(r"\b(?:dispensa\w*|opciona\w+|facultativ\w+|desnecessari\w+)\b")
FORBIDDEN = re.compile(r"\b(?:proibid\w+|vedad\w+|impossivel|evit\w+|nunca|jamais)\b")
DENIED_BEFORE = re.compile(r"\b(?:nao|nem|nunca|jamais|sem|ninguem|nenhum\w*)(?:\s+\w+){0,2}\s*$")

RIVALS: tuple[frozenset[str], ...] = tuple(
    word_set(group)
    for group in (
        "a1 a3",
        "e-cpf e-cnpj ecpf ecnpj",
        "cpf cnpj",
        "pin puk",
        "pix boleto dinheiro cheque",
        "token cartao nuvem",
        "windows mac macos linux celular computador",
        "cnh rg passaporte",
        "videoconferencia presencial",
        "junta receita cartorio",
        "contador representante socio procurador funcionario atendente",
    )
)
"""Things of which one is not the other."""
RIVAL_NAMES = frozenset().union(*RIVALS)


@dataclass(frozen=True)
class Chunk:
    """What stands between commas and conjunctions: its words that carry meaning, and the rivals
    among its words.
    """

    stems: tuple[str, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Clause:
    """A clause: its chunks, the words that are denied, those of them that stand first behind their
    negation, and what it demands or allows.
    """

    chunks: tuple[Chunk, ...]
    denied: frozenset[str]
    denied_first: frozenset[str]
    modalities: frozenset[Modality]
    denies: bool

    @property
    def stems(self) -> tuple[str, ...]:
        """The words of all chunks, in order."""
        return tuple(stem for chunk in self.chunks for stem in chunk.stems)

    @property
    def names(self) -> frozenset[str]:
        """The rivals of all chunks."""
        return frozenset(name for chunk in self.chunks for name in chunk.names)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text."""
    return [part.strip() for part in SENTENCE_END.split(text) if part and part.strip()]


@lru_cache(maxsize=KEPT_TEXTS)
def clauses_of(sentence: str) -> tuple[Clause, ...]:
    """The clauses of a sentence, in order."""
    told = ANSWER_WORD.sub("", fold(sentence), count=1)
    plain = NOT_IN_THE_WAY.sub("permite", DENIES_NOTHING.sub(" ", told))
    plain = VIDEO_CALL.sub("videoconferencia", plain)
    plain = MEASURE.sub(r"\1-\2", STOPPING.sub("nao ", plain))
    return tuple(_clause(part) for part in CLAUSE_END.split(plain) if part.strip())


def alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: they begin alike for most of their length."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4 or not (one.isalpha() and other.isalpha()):
        return False
    common = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        common += 1
    return common >= max(4, 0.6 * max(len(one), len(other)))


def _clause(part: str) -> Clause:
    tokens = TOKEN.findall(part)
    chunks: list[list[str]] = [[]]
    for token in tokens:
        if token in CHUNK_END:
            chunks.append([])
        else:
            chunks[-1].append(token)
    denied, denied_first = _denied(tokens)
    return Clause(
        tuple(Chunk(_stems(chunk), RIVAL_NAMES & set(chunk)) for chunk in chunks if chunk),
        denied,
        denied_first,
        frozenset(_modalities(part)),
        not NEGATIONS.keys().isdisjoint(tokens),
    )


def _stems(tokens: list[str]) -> tuple[str, ...]:
    meaning = (token for token in tokens if len(token) > 1 and token not in EMPTY_WORDS)
    return tuple(SYNONYMS.get(token, token) for token in meaning)


def _denied(tokens: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words in the scope of a negation, and of those the first that is no modal verb."""
    denied: set[str] = set()
    first: set[str] = set()
    left, waiting = 0, False
    for position, token in enumerate(tokens):
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if token in NEGATIONS and following not in NOT_ONLY:
            left, waiting = max(left, NEGATIONS[token]), True
        elif token in STOPS or (token in AND and following in NEW_VERBS):
            left = 0
        elif left:
            left -= 1
            stems = [stem for stem in _stems([token]) if stem.isalpha()]
            denied.update(stems)
            if waiting and stems and not MODAL.match(token):
                first.update(stems)
                waiting = False
    return frozenset(denied), frozenset(first)


def _modalities(part: str) -> set[Modality]:
    found: set[Modality] = set()
    for match in NECESSITY.finditer(part):
        denied = _is_denied(part, match.start())
        found.add(Modality.UNNECESSARY if denied else Modality.NECESSARY)
    for match in POSSIBILITY.finditer(part):
        denied = _is_denied(part, match.start())
        found.add(Modality.IMPOSSIBLE if denied else Modality.POSSIBLE)
    if UNNECESSARY.search(part):
        found.add(Modality.UNNECESSARY)
    if FORBIDDEN.search(part):
        found.add(Modality.IMPOSSIBLE)
    return found


def _is_denied(part: str, position: int) -> bool:
    """Whether a negation stands shortly before a position."""
    before = part[max(0, position - LOOK_BACK) : position]
    return DENIED_BEFORE.search(before) is not None
