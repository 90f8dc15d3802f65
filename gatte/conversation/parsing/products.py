"""The certificates that people ask for: a kind (e-CPF, e-CNPJ, NF-e) and a model (A1, A3), which
are often said one after the other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.mentions import Mention, split_refused
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text, union

CERTIFICATE = r"\bcertificado (?:digital )?"
THING = (
    r"\b(?:certificado|certificacao|assinatura|trem|troco|treco|negocio|coisa|bicho|danado|tal"
    r"|digital|renovacao)"
)
"""What people call a certificate whose name they do not know."""
OF_THE = (
    r" (?:digital )?(?:aqui )?(?:do|da|de|para|para o|para a|no|na|em) "
    r"(?:meu |minha |nosso |nossa )?(?:proprio )?"
)
KINDS = (
    (
        "e-CNPJ",
        union(
            r"\be[- ]?cnpj\b",
            rf"{CERTIFICATE}(?:para |de |da )?(?:a |minha )?empresa\b",
            rf"{THING}{OF_THE}(?:cnpj|empresa|firma|loja|mei)\b",
            r"\bpessoa juridica\b",
        ),
    ),
    (
        "e-CPF",
        union(
            r"\be[- ]?cpf\b",
            r"\bpessoa fisica\b",
            rf"{CERTIFICATE}(?:para |de |da )pessoa\b",
            rf"{THING}{OF_THE}cpf\b",
        ),
    ),
    (
        "NF-e",
        union(rf"{CERTIFICATE}(?:para |de )?nota\b", r"^nota fiscal eletronica\b(?! do)"),
    ),
)
NO_NUMBER = r"(?!\W*(?:e |numero )?\W*\d{2})"
"""After "cpf" or "cnpj": with its number it is the document, and no kind of certificate."""
ANSWER_KINDS = (
    (
        "e-CNPJ",
        union(rf"\b(?:e[- ]?)?cnpj\b{NO_NUMBER}", r"\b(?:empresa|firma|loja|juridica|pj)\b"),
    ),
    ("e-CPF", union(rf"\b(?:e[- ]?)?cpf\b{NO_NUMBER}", r"\b(?:pessoa|fisica|pessoal|pf)\b")),
    ("NF-e", union(r"\bnf-?e\b", r"\bnotas?\b")),
)
"""Words for a kind in an answer to the question for it, where nothing else can be meant."""
DEVICE = r"(?:token\w*|pen ?drive\w*|chavinha|cartaozinho|nuvem|midia|leitora\w*)"
MODELS = (
    (
        "A1",
        union(
            r"\ba[- ]?1\b",
            r"\barquivo\b",
            r"\b(?:no|em|do|de|para o) (?:meu |proprio )?(?:computador|notebook|laptop)\b",
            r"\b(?:de|que|para) (?:se )?(?:baix|instal)\w+\b",
            rf"\b(?:sem|nao precisa(?: de)?|nao usa) {DEVICE}",
        ),
    ),
    (
        "A3",
        union(
            r"\ba[- ]?3\b",
            rf"\b{DEVICE}\b",
            r"\b(?:espet|enfi|plug|encaix)(?:a|ar|o)\b",
            r"\b(?:de|do|com|em) cartao\b(?! de (?:credito|debito))",
        ),
    ),
)
"""Models by their names, and by what they come in; the first that is said counts."""
MODEL_BY_NAME = re.compile(r"\ba[- ]?[13]\b")
ONLY_MODEL = {"NF-e": "A1"}
UNSURE = re.compile(
    r"\bnao (?:sei|tenho certeza)\b|\btanto faz\b|\bqualquer\b|\bme ajud"
    r"|\bqual (?:e )?(?:o )?melhor\b|\bduvida\b"
)
UNDECIDED = "a definir"


def _plain(text: str) -> str:
    return normalize_text(expand_abbreviations(text.lower()))


@dataclass(frozen=True)
class ProductParts:
    """What a text says of a product: its kind, its model, or both; empty where it says nothing."""

    kind: str = ""
    model: str = ""

    @property
    def whole(self) -> bool:
        """Whether kind and model are known."""
        return bool(self.kind and self.model)

    @property
    def name(self) -> str:
        """The parts as a slot keeps them: "e-CNPJ A1", "e-CPF", "A3"."""
        return f"{self.kind} {self.model}".strip()

    def with_known(self, known: "ProductParts") -> "ProductParts":
        """These parts, with what is missing taken from others."""
        kind = self.kind or known.kind
        model = self.model or ONLY_MODEL.get(kind, "") or known.model
        return ProductParts(kind, model)


def parts_of(name: str) -> ProductParts:
    """The parts of a name as `ProductParts.name` writes it."""
    if name in {"A1", "A3"}:
        return ProductParts(model=name)
    kind, _, model = name.partition(" ")
    known = kind in {name for name, _ in KINDS}
    return ProductParts(kind, model) if known else ProductParts()


def find_parts(text: str) -> ProductParts:
    """The parts that a text names anywhere in it."""
    plain = _plain(text)
    kind = next((name for name, pattern in KINDS if pattern.search(plain)), "")
    return ProductParts(kind, _model_in(plain))


def parts_of_answer(text: str) -> ProductParts:
    """The parts that an answer to the question for a product names; who refuses one model means
    the other.
    """
    plain = _plain(text)
    found = find_parts(text)
    kind = found.kind or next((name for name, one in ANSWER_KINDS if one.search(plain)), "")
    return ProductParts(kind, found.model or _model_left_by(plain))


def _model_in(plain: str) -> str:
    """The model that is named first and not refused."""
    wanted, _ = split_refused(plain, list(_models(plain)))
    return wanted[0].value if wanted else ""


def _model_left_by(plain: str) -> str:
    """The model that is left where the other one alone is named, and refused."""
    _, refused = split_refused(plain, list(_models(plain)))
    models = {one.value for one in refused}
    left = [name for name, _ in MODELS if name not in models]
    return left[0] if models and len(left) == 1 else ""


def _models(plain: str) -> Iterator[Mention]:
    """All mentions of models, in the order of the text."""
    found = [
        Mention(match.start(), match.end(), "model", name)
        for name, pattern in MODELS
        for match in pattern.finditer(plain)
    ]
    yield from sorted(found, key=lambda one: one.start)


def names_model(text: str) -> bool:
    """Whether a text names a model by its own name."""
    return bool(MODEL_BY_NAME.search(_plain(text)))


def is_unsure(text: str) -> bool:
    """Whether somebody does not know which product to take."""
    return bool(UNSURE.search(_plain(text)))


def find_product(text: str) -> ParseResult:
    """The kind, and the model when it is said: "e-CNPJ A1", "e-CPF", "NF-e A1"."""
    parts = find_parts(text)
    return ParseResult(parts.name) if parts.kind else NO_MATCH
