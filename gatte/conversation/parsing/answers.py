"""Yes, no, and "I have none", in the forms in which people say them."""

from gatte.conversation.parsing.normalize import FILLERS, word_set, words

YES = word_set(
    "s sim ss sims sin yes y isso exato exatamente claro certeza pode ok okay okey oki blz "
    "beleza certo certa correto correta confirmo confirmado confirmada confirmar confirma "
    "positivo bora vamos aham uhum quero perfeito perfeita otimo fechado fechou manda "
    "concordo autorizo combinado show joia continuar continua continue segue seguir ta"
)
NO = word_set("n nao nn nope no negativo errado errada incorreto incorreta nunca jamais nem nada")
AROUND = word_set(
    "que mesmo mesma tudo esta tah com ser ai por favor pfv pf sim e eh ja os as o a dados "
    "de do da eu vc voce bem muito obrigado obrigada obg precisa preciso agora ainda assim "
    "entao disso isto apagar apaga apague excluir abrir enviar envia envie corrigir agendar "
    "marcar registrar salvar fazer faz seria senhor senhora mandar enviar gravar ir disto ok "
    "chama chame chamar deixa deixe"
)
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


def declines(text: str) -> bool:
    """Whether the customer says to have no such thing, or to skip the question."""
    said = words(text)
    return bool(said) and bool(set(said) & BEFORE_NONE) and set(said) <= NONE_WORDS
