"""The refusal policy: what the bot does not do, whoever asks, and how a text is known to ask it.

The rules stand in `refusal_policy.toml`: the responder's prompt and docs/refusal-policy.md are made
from it. What is said instead stands in the catalogue of texts under `refusal.`. The patterns here
work without any model, and are narrow: what they leave open, grounding still refuses.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from gatte.conversation.parsing.normalize import normalize_text, word_set, words
from gatte.infra.scoped_cache import scoped

POLICY = Path(__file__).with_name("refusal_policy.toml")


class RefusalTopic(StrEnum):
    """What is refused."""

    OFF_TOPIC = "off_topic"
    LEGAL = "legal"
    TAX = "tax"
    MEDICAL = "medical"
    OTHER_PEOPLE = "other_people"
    PROMISE = "promise"
    POLITICS = "politics"
    ILLEGAL = "illegal"


@dataclass(frozen=True)
class RefusalRule:
    """One topic of the policy: its title and rule in Portuguese, why it stands, and questions that
    fall under it.
    """

    topic: RefusalTopic
    title: str
    why: str
    rule: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class RefusalPolicy:
    """The policy in force, by topic, with its version and the day from which it holds."""

    version: str
    since: str
    rules: tuple[RefusalRule, ...]

    @property
    def prompt_lines(self) -> str:
        """The rules as the responder's prompt has them."""
        return "\n".join(f"- {one.rule}" for one in self.rules)


@cache
def policy() -> RefusalPolicy:
    """The policy of the file; KeyError when a topic is missing there."""
    stored = tomllib.loads(POLICY.read_text(encoding="utf-8"))
    rules = [_rule(topic, stored[topic]) for topic in RefusalTopic]
    return RefusalPolicy(stored["version"], stored["since"], tuple(rules))


def _rule(topic: RefusalTopic, stored: dict[str, str]) -> RefusalRule:
    return RefusalRule(
        topic, stored["title"], stored["why"], stored["rule"], tuple(stored["examples"])
    )


OUR_PRODUCTS = word_set(
    "certificado certificados certificacao e-cpf e-cnpj ecpf ecnpj a1 a3 token pfx icp-brasil "
    "videoconferencia validacao nf-e nfe nota notas"
)
"""Who names one of these asks about what we do, whatever else the words may mean."""
OUR_COMPANY = word_set("voces vcs vc voce empresa loja atendimento suporte")
ASKED_OF_US = frozenset({RefusalTopic.LEGAL, RefusalTopic.TAX})
"""Topics in which a text about ourselves is a complaint or a question to the desk."""
BESIDE_PRODUCTS = frozenset({RefusalTopic.OTHER_PEOPLE, RefusalTopic.ILLEGAL, RefusalTopic.PROMISE})
"""Topics that are refused although one of our products is named."""
ONLY_UNANSWERED = frozenset({RefusalTopic.PROMISE})
"""Topics that an article may answer ("vocês garantem que funciona no Mac?")."""

_WANTS = (
    r"(?:como(?: (?:e que )?(?:eu|a gente|se|que))? (?:faco|faz|fazer|posso|consigo|da)?"
    r"|(?:eu )?(?:quero|preciso|queria|posso|consigo|pretendo)|da pra|tem como|me ajuda a"
    r"|me ensina a|ensina a|jeito de|ajuda para|ajuda pra)"
    r"(?: (?:eu|fazer|faco|para|pra|a|como))*"
)
_WRITE = (
    r"\b(?:escrev\w+|faz|faca|fazer|cri[ae]r?|redij\w+|redig\w+|elabor[ae]r?|mont[ae]r?|ger[ae]r?)"
)
_ASK = (
    r"\b(?:me (?:passa|passe|manda|mande|envia|envie|da|de|diz|diga|fala|fale|informa|informe"
    r"|mostra|mostre)|passa|manda|informa|mostre|lista|liste|consulta|busca|procura|acha"
    r"|qual(?: e)?|quais(?: sao)?|quero(?: ver| saber)?|preciso(?: saber)?"
    r"|(?:voce|vc|voces|vcs) (?:tem|sabe|pode passar))\b"
)
_DATUM = (
    r"(?:cpf|rg|telefone|numero|celular|whatsapp|zap|endereco|e-?mail|dado|cadastro"
    r"|senha|documento|nome|lista|informacoes|extrato|chamado)s?"
)
_OTHERS = (
    r"(?:outr[oa]s? (?:clientes?|pessoas?|empresas?|usuari[oa]s?|contatos?|titular(?:es)?)"
    r"|(?:seus|dos seus|demais|todos os|outros) clientes"
    r"|(?:meu|minha) ex(?:\W?(?:marido|mulher|espos[oa]|namorad[oa]|patrao|chefe|soci[oa]))?"
    r"|(?:ex\W?(?:marido|mulher|espos[oa]|namorad[oa]|patrao|chefe|soci[oa]))"
    r"|(?:meu|minha) (?:vizinh[oa]|namorad[oa]|concorrentes?)|(?:um|uma|do|da) concorrente"
    r"|(?:algum|um) famos[oa])"
)
_PATTERNS: dict[RefusalTopic, tuple[str, ...]] = {
    RefusalTopic.ILLEGAL: (
        _WANTS + r" (?:falsific|adulter|clon|burl|hacke|sonega|frauda|fingir ser|lavar dinheiro)",
        (
            r"\b(?:rg|documento|cnh|certificado|cnpj|cpf|comprovante|nota"
            r"|identidade)s? fals[oa]s?\b"
            r"(?=.*\b(?:arruma|consegu|compra|vende|faz|faco|quero|preciso)\w*)"
        ),
        (
            r"\b(?:arruma|consegu|compra|vende|faz|quero|preciso)\w* (?:\w+ ){0,3}"
            r"(?:rg|documento|cnh|certificado|cpf|comprovante|identidade)s? fals[oa]s?\b"
        ),
        (
            r"\b(?:emitir|tirar|fazer|usar|assinar)\b.*\b(?:nome|cpf|certificado) d[eoa]s? "
            r"(?:\w+ ){0,2}(?:mort[oa]|falecid[oa]|laranja)\b"
        ),
        (
            r"\bassinar (?:por|no lugar d[eoa]s?|como se fosse)\b.*\bsem (?:ele|ela|eles|que|saber|"
            r"autorizacao|permissao)\b"
        ),
        (
            r"\b(?:usar|emitir|tirar|fazer)\b.*\b(?:certificado|e-cpf|nome|identidade) "
            r"(?:\w+ ){0,4}sem (?:ele|ela|eles) (?:saber|em|autorizar|perceber)"
        ),
    ),
    RefusalTopic.OTHER_PEOPLE: (
        (
            rf"{_ASK} (?:\w+ ){{0,4}}{_DATUM} (?:cadastrais |pessoais )?"
            rf"(?:de|do|da|dos|das|d?um|d?uma) {_OTHERS}"
        ),
        r"\b(?:quais|lista|listar|mostra|mostre)\b.*\b(?:outros|demais|todos os|seus) clientes\b",
    ),
    RefusalTopic.LEGAL: (
        (
            r"\b(?:posso|devo|consigo|vale a pena|da pra|tem como|como (?:faco|faz|fazer)?)\b"
            r".{0,20}\b(?:processar|mover (?:uma )?acao|entrar com (?:uma |um )?(?:acao|processo)"
            r"|acionar (?:na )?justica)\b"
        ),
        (
            r"\bdireito (?:a|ao|de receber) (?:uma )?(?:indenizacao|danos|pensao|heranca|hora extra"
            r"|horas extras|seguro.desemprego|ferias|rescisao)"
        ),
        r"\b(?:conselho|consultoria|orientacao|parecer) juridic[oa]",
        (
            rf"\b{_WRITE} (?:\w+ ){{0,2}}(?:peticao|procuracao ad|contrato de (?:aluguel|trabalho"
            r"|namoro|compra e venda)|recurso de multa|defesa (?:previa|trabalhista))"
        ),
        (
            r"\b(?:usucapiao|habeas corpus|guarda d[oa]s? (?:meus? )?filh|pensao alimenticia"
            r"|vou preso|ir preso)\b"
        ),
    ),
    RefusalTopic.TAX: (
        r"\bquanto (?:\w+ ){0,4}(?:de imposto|de irpf|de inss|de das|de tributos?)\b",
        r"\bpagar menos imposto|\bfugir (?:do imposto|da receita|do leao)",
        (
            r"\b(?:simples|lucro (?:presumido|real)|mei)\b.* ou .*\b(?:simples"
            r"|lucro (?:presumido|real)"
            r"|mei)\b"
        ),
        (
            r"\b(?:qual|que) (?:e )?(?:o |a )?(?:melhor )?(?:regime tribut|anexo do simples"
            r"|aliquota|cnae)"
        ),
        r"\b(?:posso|consigo|da pra|devo) (?:deduzir|abater|compensar)\b",
        (
            r"\b(?:como|onde) (?:eu )?(?:declaro|declarar|lanco) (?:\w+ ){0,3}(?:imposto|irpf|irpj"
            r"|aluguel|dividendos?|acoes|criptomoedas?|heranca|dependente)"
        ),
        r"\bmalha fina\b",
    ),
    RefusalTopic.MEDICAL: (
        r"\b(?:que|qual) (?:e o )?(?:remedio|medicamento|antibiotico)\b",
        r"\b(?:posso|devo|pode) tomar\b(?!.*\b(?:posse|providencia|decisao|cuidado))",
        (
            r"\b(?:estou|to|tou|tenho|sinto|com) (?:com )?(?:\w+ )?(?:febre|dor de (?:cabeca"
            r"|barriga"
            r"|dente|garganta)|dor no (?:peito|corpo)|enjoo|diarreia|tontura)\b.*"
            r"\b(?:o que|que|qual|como|devo|posso)\b"
        ),
        r"\b(?:dose|dosagem) (?:d[aeo]|certa|recomendada)",
        r"\b(?:isso|sera que|e) (?:e )?(?:dengue|covid|cancer|infarto)\b",
    ),
    RefusalTopic.POLITICS: (
        r"\bem quem (?:\w+ ){0,3}(?:vot\w+)\b",
        (
            r"\b(?:o que|q|oq) (?:e que )?(?:vc|voce|voces|vcs) (?:acha|pensa)\w* "
            r"(?:d[aeo]s?|sobre) (?:\w+ )?(?:presidente|governo|lula|bolsonaro|stf|congresso"
            r"|politica"
            r"|eleic|prefeit|governador|esquerda|direita|igreja|religi|papa|aborto|maconha)"
        ),
        (
            r"\b(?:vc|voce) (?:e|vota|apoia) (?:\w+ )?(?:petista|bolsonarista|lula|bolsonaro"
            r"|esquerda"
            r"|direita|pt)\b"
        ),
        r"\bdeus existe\b|\bqual (?:e )?(?:a )?(?:melhor|sua) religiao",
        r"\b(?:melhor|pior) (?:presidente|partido|candidato)\b",
    ),
    RefusalTopic.OFF_TOPIC: (
        r"\bcont(?:a|ar|e) (?:\w+ ){0,3}(?:piada|historia|fabula)",
        (
            rf"\b{_WRITE} (?:\w+ ){{0,3}}(?:redacao|poema|poesia|musica|rap\b|tcc"
            rf"|trabalho de (?:escola"
            r"|faculdade|historia)|codigo|script|programa em|curriculo|legenda|roteiro|cronica)"
        ),
        r"\b(?:traduz|traduzir|traduza) (?:\w+ ){0,3}(?:para|pro|pra|isso|isto|esse|este|texto)",
        r"\breceita de (?!oculos)(?:bolo|pao|torta|frango|pudim|brigadeiro|\w+ com)",
        r"\bqual (?:e |eh )?a capital d",
        r"\bquem (?:ganhou|venceu|descobriu|inventou|pintou|escreveu)\b",
        r"\b(?:previsao do tempo|vai chover|resultado d[oa] (?:jogo|loteria|mega))",
        r"\bcodigo em (?:python|java|javascript|php|c)\b",
        r"\bquanto (?:e|da|eh) \d+ ?(?:x|vezes|\*|\+|mais|menos|dividido)",
        r"\b(?:melhor investimento|horoscopo|meu signo|significado do (?:meu )?sonho)\b",
    ),
    RefusalTopic.PROMISE: (
        (
            r"(?:\b(?:voce|vc|voces|vcs|me|e|entao) |^|[.,!?] ?)(?:me )?"
            r"(?:promete|jura|da (?:a )?sua palavra)\b"
        ),
        r"\bme (?:garante|assegura)\b",
    ),
}

ADVICE = re.compile(
    r"\b(?:recomendo|aconselho|sugiro) (?:que (?:voce )?)?(?:process|vot|tom(?:ar|e)\b|declar|deduz"
    r"|invest|assine? o contrato|entr(?:ar|e) com)"
    r"|\b(?:voce|vc) (?:deve|pode|precisa|tem direito a|teria direito a) "
    r"(?:process|votar|tomar (?:um|o|uma|\d)|deduzir|abater|ser indenizad|indenizac|sonegar)"
    r"|\b(?:vote|votem) (?:em|no|na)\b|\btome (?:um|dois|\d+) (?:comprimid|mg|gotas)"
    r"|\b(?:o melhor (?:presidente|candidato|partido|regime tributario) (?:e|seria))\b"
)
"""Advice that the policy forbids, as a model would give it."""


@cache
def _compiled() -> dict[RefusalTopic, re.Pattern[str]]:
    return {topic: re.compile("|".join(parts)) for topic, parts in _PATTERNS.items()}


@scoped
def topic_of(text: str) -> RefusalTopic | None:
    """The topic of the policy under which a question falls; None for nearly all of them."""
    plain = normalize_text(text)
    said = set(words(text))
    about_us = bool(said & OUR_COMPANY)
    about_products = bool(said & OUR_PRODUCTS)
    for topic, pattern in _compiled().items():
        excused = about_products and topic not in BESIDE_PRODUCTS
        excused = excused or (about_us and topic in ASKED_OF_US)
        if not excused and pattern.search(plain):
            return topic
    return None


def refused_before_search(text: str) -> RefusalTopic | None:
    """The topic for which a question is refused without looking for an answer; None where an
    article may answer it.
    """
    topic = topic_of(text)
    return None if topic in ONLY_UNANSWERED else topic


def gives_advice(plain: str) -> bool:
    """Whether a folded text advises on law, taxes, health or politics."""
    return ADVICE.search(plain) is not None
