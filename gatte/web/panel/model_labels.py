"""What models were asked, how that ended, and why a sentence of theirs was not sent, in the panel's
words.
"""

from gatte.intelligence.calls import CallOutcome, CallPurpose
from gatte.intelligence.grounding_check import Violation

PURPOSES: dict[str, str] = {
    CallPurpose.UNDERSTAND: "Entender a mensagem",
    CallPurpose.RESPOND: "Escrever a resposta",
    CallPurpose.EMBED: "Preparar artigos para a busca",
    CallPurpose.EMBED_QUESTION: "Buscar artigos pelo sentido",
    CallPurpose.TRANSCRIBE: "Transcrever o áudio",
    CallPurpose.REMEMBER: "Guardar o que o cliente contou",
}
OUTCOMES: dict[str, str] = {
    CallOutcome.OK: "deu certo",
    CallOutcome.TIMEOUT: "demorou demais",
    CallOutcome.QUOTA: "a cota do Gemini acabou",
    CallOutcome.ERROR: "erro do Gemini",
    CallOutcome.INVALID_RESPONSE: "resposta que não se pode usar",
    CallOutcome.BLOCKED: "o Gemini não quis responder",
    CallOutcome.REJECTED_INPUT: "o Gemini não aceitou o arquivo",
    CallOutcome.BREAKER_OPEN: "não chamado: falhou várias vezes há pouco",
    CallOutcome.LEAKED: "descartado: a resposta mostrava instruções internas",
    CallOutcome.TOO_LONG: "não chamado: o pedido seria longo demais",
    CallOutcome.OVER_BUDGET: "não chamado: o orçamento acabou",
}
VIOLATIONS: dict[str, str] = {
    Violation.EMPTY: "frase vazia",
    Violation.TOO_LONG: "resposta longa demais",
    Violation.NO_PASSAGE: "frase sem artigo que a sustente",
    Violation.UNKNOWN_PLACEHOLDER: "dado que ninguém informou",
    Violation.NEW_LINK: "link que não está no artigo",
    Violation.NEW_NUMBER: "número que não está no artigo",
    Violation.NEW_PROMISE: "promessa que não está no artigo",
    Violation.NEW_NAME: "nome que não está no artigo",
    Violation.OTHER_THING: "fala de outra coisa que a do artigo",
    Violation.CONTRADICTION: "contradiz o artigo",
    Violation.OTHER_MODALITY: "muda o que é obrigatório ou possível",
    Violation.OTHER_ORDER: "conta os passos em outra ordem",
    Violation.NEW_WORDS: "palavras que o artigo não sustenta",
    Violation.NEW_CONTACT: "telefone ou e-mail que não está no artigo",
    Violation.PERSONAL_DATA: "dado pessoal que não está no artigo",
    Violation.ADVICE: "conselho que só um profissional pode dar",
    Violation.DISGUISED: "texto disfarçado, que não se lê como está escrito",
}


def purpose_and_model(name: str) -> str:
    """The name of a sum of costs (`understand · gemini-3.5-flash`) with the purpose in words."""
    purpose, separator, model = name.partition(" · ")
    return f"{PURPOSES.get(purpose, purpose)}{separator}{model}"
