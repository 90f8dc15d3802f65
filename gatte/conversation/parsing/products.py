"""The certificates that people ask for: a kind (e-CPF, e-CNPJ, NF-e) and a model (A1, A3), which
are often said one after the other.
"""

import re
from dataclasses import dataclass

from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text, union

CERTIFICATE = r"\bcertificado (?:digital )?"
KINDS = (
    (
        "e-CNPJ",
        union(
            r"\be[- ]?cnpj\b",
            rf"{CERTIFICATE}(?:para |de |da )?(?:a |minha )?empresa\b",
            r"\bpessoa juridica\b",
        ),
    ),
    (
        "e-CPF",
        union(
            r"\be[- ]?cpf\b",
            r"\bpessoa fisica\b",
            rf"{CERTIFICATE}(?:para |de |da )pessoa\b",
        ),
    ),
    (
        "NF-e",
        union(rf"{CERTIFICATE}(?:para |de )?nota\b", r"^nota fiscal eletronica\b(?! do)"),
    ),
)
ANSWER_KINDS = (
    ("e-CNPJ", union(r"\b(?:e[- ]?)?cnpj\b", r"\b(?:empresa|firma|loja|juridica|pj)\b")),
    ("e-CPF", union(r"\b(?:e[- ]?)?cpf\b", r"\b(?:pessoa|fisica|pessoal|pf)\b")),
    ("NF-e", union(r"\bnf-?e\b", r"\bnotas?\b")),
)
"""Words for a kind in an answer to the question for it, where nothing else can be meant."""
DEVICE = r"(?:token\w*|pen ?drive|chavinha|cartaozinho|nuvem|midia)"
MODELS = (
    (
        "A1",
        union(
            r"\ba[- ]?1\b",
            r"\barquivo\b",
            r"\b(?:no|em) (?:computador|notebook|pc)\b",
            rf"\b(?:sem|nao precisa(?: de)?|nao usa) {DEVICE}",
        ),
    ),
    (
        "A3",
        union(
            r"\ba[- ]?3\b",
            rf"\b{DEVICE}\b",
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
    """The parts that an answer to the question for a product names."""
    found = find_parts(text)
    if found.kind:
        return found
    plain = _plain(text)
    kind = next((name for name, pattern in ANSWER_KINDS if pattern.search(plain)), "")
    return ProductParts(kind, found.model)


def _model_in(plain: str) -> str:
    found = ((name, pattern.search(plain)) for name, pattern in MODELS)
    places = [(match.start(), name) for name, match in found if match]
    return min(places)[1] if places else ""


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
