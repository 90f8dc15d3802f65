"""Texts as customers write them, all different: no memory of texts helps whoever answers them.

They differ in their words, not in numbers alone, for masking makes all numbers the same.
"""

import random

OPENINGS = (
    "Oi, aqui é {name}.",
    "Olá! {name} falando, de {place}.",
    "Bom dia, meu nome é {name}.",
    "Boa tarde! Sou {name}, trabalho numa {business} em {place}.",
    "oi tudo bem?",
    "Boa noite, desculpe o horário.",
    "Opa, {name} aqui da {business}.",
    "Prezados, escrevo de {place}.",
    "",
)
REASONS = (
    "É sobre o pedido {number}.",
    "Comprei com vocês, o pedido é {number}.",
    "Tenho uma {business} com {count} funcionários.",
    "Preciso disso até o dia {day}.",
    "Quem me indicou foi {other}.",
    "{other}, do escritório, pediu para eu perguntar.",
    "Vi no site e fiquei em dúvida.",
    "Minha {business} fica em {place}.",
    "",
)
QUESTIONS = (
    "O que é um certificado digital e para que serve?",
    "O que acontece se o certificado vencer?",
    "Qual é a diferença entre A1 e A3?",
    "Qual certificado serve para emitir nota fiscal eletrônica?",
    "MEI precisa de certificado digital?",
    "Quanto tempo demora para o certificado ficar pronto?",
    "O certificado funciona no Mac, no celular ou na nuvem?",
    "Mudei a razão social, preciso trocar o certificado?",
    "Meu contador pode usar o certificado por mim?",
    "O CNPJ agora tem letras. Muda algo no meu certificado?",
    "É seguro mandar meus documentos por WhatsApp?",
    "Posso instalar o mesmo certificado em dois computadores?",
    "Quantos anos vale o certificado A3?",
    "O certificado serve para assinar contrato?",
    "Preciso ir até aí ou dá para validar o certificado por vídeo?",
    "Em qual formato vem o arquivo do certificado A1?",
)
CLOSINGS = (
    "Obrigado!",
    "Pode me ajudar?",
    "Aguardo retorno.",
    "valeu,",
    "Abraço,",
    "Fico no aguardo,",
    "",
)
NAMES = (
    "Ana", "Bruno", "Carla", "Davi", "Elisa", "Fábio", "Gabriela", "Heitor", "Iara", "João",
    "Karina", "Lucas", "Marta", "Nilo", "Olívia", "Paulo", "Quitéria", "Rafael", "Sônia", "Tiago",
)  # fmt: skip
FAMILIES = (
    "Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Ferraz", "Gomes", "Moura", "Nogueira",
    "Pereira", "Queiroz", "Ramos", "Siqueira", "Teles", "Vargas",
)  # fmt: skip
PLACES = ("Curitiba", "Manaus", "Recife", "Belém", "Goiânia", "Salvador", "Natal", "Palmas")
BUSINESSES = ("padaria", "clínica", "oficina", "farmácia", "escola", "loja", "transportadora")
WITH_TYPO = 0.4


def distinct(index: int) -> str:
    """The text of this number; it is always the same, and no other number's."""
    chance = random.Random(index)
    question = chance.choice(QUESTIONS)
    if chance.random() < WITH_TYPO:
        question = _mistyped(question, chance)
    parts = (chance.choice(OPENINGS), chance.choice(REASONS), question, chance.choice(CLOSINGS))
    said = " ".join(part for part in parts if part).format(**_details(chance))
    return f"{said} {_signature(index)}"


def _details(chance: random.Random) -> dict[str, object]:
    return {
        "name": _full_name(chance),
        "other": _full_name(chance),
        "place": chance.choice(PLACES),
        "business": chance.choice(BUSINESSES),
        "number": chance.randrange(100_000, 999_999),
        "count": chance.randrange(2, 90),
        "day": chance.randrange(1, 29),
    }


def _full_name(chance: random.Random) -> str:
    return f"{chance.choice(NAMES)} {chance.choice(FAMILIES)}"


def _mistyped(text: str, chance: random.Random) -> str:
    """Two neighbours change places, or one letter is missing."""
    place = chance.randrange(1, len(text) - 2)
    if chance.random() < 0.5:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place + 1 :]


def _signature(index: int) -> str:
    """A full name; the same one comes again after some thousand texts, below other words."""
    index, first = divmod(index, len(NAMES))
    second, third = divmod(index, len(FAMILIES))
    return f"{NAMES[first]} {FAMILIES[third]} {FAMILIES[second % len(FAMILIES)]}"
