"""Yes, no, and "I have none", in the forms in which people say them."""

import re

from gatte.conversation.parsing.normalize import FILLERS, normalize_text, word_set, words

YES = word_set(
    "s sim ss sims sin yes y isso exato exatamente claro certeza pode ok okay okey oki blz "
    "beleza certo certa correto correta confirmo confirmado confirmada confirmar confirma "
    "positivo bora vamos aham uhum quero perfeito perfeita otimo fechado fechou manda "
    "concordo autorizo combinado show joia continuar continua continue segue seguir ta "
    "certinho certinha certissimo afirmativo fmz firmeza partiu dale suave tranquilo sussa "
    "fecho perfeitamente exatinho demorou"
)
NO = word_set("n nao nn nope no negativo errado errada incorreto incorreta nunca jamais nem nada")
AROUND = word_set(
    "que mesmo mesma tudo esta tah com ser ai por favor pfv pf sim e eh ja os as o a dados "
    "de do da eu vc voce bem muito obrigado obrigada obg precisa preciso agora ainda assim "
    "entao disso isto apagar apaga apague excluir abrir enviar envia envie corrigir agendar "
    "marcar registrar salvar fazer faz seria senhor senhora mandar enviar gravar ir disto ok "
    "chama chame chamar deixa deixe ae amor flor querida querido filha filho mano conforme viu"
)
COURTESY = word_set(
    "desculpa desculpe desculpas perdao pressa demora valeu vlw grato grata abraco abracos "
    "deus abencoe lhe te pela pelo atencao ajuda paciencia brigado brigada"
) | word_set("obrigado obrigada obg e viu muito bem a o de por mesmo senhor senhora")
CLAUSE_END = re.compile(r"[.!,;\n]+")
LONGEST_YES = 14
"""Words of a yes with courtesy behind it."""
WHY = ("por", "que")
STRONG_YES = word_set("s sim ss yes y confirmo confirmado")
STRONG_NO = word_set("n nao nn nope no negativo")
BEFORE_NONE = word_set("n nn nao sem pular pula pule nenhum nenhuma prefiro")
NONE_WORDS = (
    word_set(
        "n nn nao sem pular pula pule nenhum nenhuma tenho tem quero informar precisa email "
        "e-mail empresa mail agora isso"
    )
    | FILLERS
)
HOLD_ON = "hold_on"
"""The problem with an answer that only asks for a moment."""
WAITS = re.compile(
    r"\W*(?:(?:opa|ih|eita|xi|vixe|ai|a|ah|mas|so|ta|ok|bah)\W+)*"
    r"(?:(?:pera|perai|perae|pere|espera(?! feliz)|guenta|aguenta|calma|ja volto)\b"
    r"|(?:um|1|uns) ?(?:min|moment|seg|instante)"
    r"|(?:deixa eu|vou) (?:ver|olhar|pegar|procurar|achar?|buscar|conferir)\b)"
)
LONGEST_WAIT = 14
"""Words up to which a text that begins by asking for a moment says no more."""


def asks_for_a_moment(text: str) -> bool:
    """Whether a text gives nothing yet: "perai, deixa eu ver a mensagem"."""
    short = len(words(text)) <= LONGEST_WAIT
    return short and "?" not in text and bool(WAITS.match(normalize_text(text)))


def yes_or_no(text: str) -> bool | None:
    """True for yes, False for no, None when the text says neither, both, or something more."""
    said = words(text)
    if not said or len(said) > 8 or said[:2] == WHY or not set(said) <= YES | NO | AROUND:
        return None
    if set(said) & NO:
        weak_no = said[0] not in STRONG_NO and "nao" not in said and len(said) > 2
        contradicts = bool(set(said) & STRONG_YES)
        return None if contradicts or weak_no else False
    return True if set(said) & YES else None


def plain_answer(text: str) -> bool | None:
    """Yes or no as in `yes_or_no`, also where courtesy stands in clauses of its own."""
    answer = yes_or_no(text)
    return True if answer is None and _agrees_politely(text) else answer


def _agrees_politely(text: str) -> bool:
    """Whether the text is a yes with courtesy around it: "Está certo. Obrigada, e desculpe a
    pressa."
    """
    if "?" in text or len(words(text)) > LONGEST_YES:
        return False
    clauses = [one for one in CLAUSE_END.split(text) if words(one)]
    answers = [yes_or_no(one) for one in clauses]
    polite = all(
        answer is not None or set(words(clause)) <= COURTESY
        for answer, clause in zip(answers, clauses, strict=True)
    )
    return polite and True in answers and False not in answers


def declines(text: str) -> bool:
    """Whether the customer says to have no such thing, or to skip the question."""
    said = words(text)
    return bool(said) and bool(set(said) & BEFORE_NONE) and set(said) <= NONE_WORDS
