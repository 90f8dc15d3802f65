"""Who writes what: signed requests of customers who are new or come back, ready to be sent."""

from enum import StrEnum
from urllib.parse import urlsplit

from bench.texts import distinct
from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER

CUSTOMERS = 1_000  # who come back: each every 12 s at 80 messages a second
QUESTIONS = (  # the local classifier is sure of each: Gemini is asked for the answer only
    "O que é um certificado digital e para que serve?",
    "O que acontece se o certificado vencer?",
    "Qual é a diferença entre A1 e A3?",
    "Qual certificado serve para emitir nota fiscal eletrônica?",
    "MEI precisa de certificado digital?",
    "Quanto tempo demora para o certificado ficar pronto?",
    "O certificado funciona no Mac, no celular ou na nuvem?",
    "Mudei a razão social, o sócio ou o meu nome: preciso trocar o certificado?",
    "Meu contador pode tirar ou usar o certificado por mim?",
    "O A1 vai acabar? O que é o Selo Eletrônico?",
    "O CNPJ agora tem letras. Muda algo no meu certificado?",
    "É seguro mandar meus documentos por WhatsApp?",
)
REPEATED_FROM = 500_000  # texts of other numbers than those of new customers


class Load(StrEnum):
    """Who writes, and what."""

    NEW = "new customers, distinct texts"
    RETURNING = "returning customers, distinct texts"
    REPEATING = "returning customers, repeated texts"


def requests(
    load: Load, url: str, first: int, count: int, customers: int = CUSTOMERS
) -> list[bytes]:
    """The messages of a load from number `first` on; `customers` are known to come back."""
    return [_request(load, url, index, customers) for index in range(first, first + count)]


def request_of(words: str, customer: int, url: str) -> bytes:
    """A whole HTTP request that brings a customer's message."""
    part, person = payloads.text(words), payloads.person(customer)
    raw, headers = payloads.signed(payloads.body(part, person, number=NUMBER), APP_SECRET)
    lines = ["POST /webhook/whatsapp HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(raw)}", "", ""]).encode() + raw


def _request(load: Load, url: str, index: int, customers: int) -> bytes:
    if load is Load.NEW:
        return request_of(distinct(index), index, url)
    customer = index % customers
    if load is Load.RETURNING:
        return request_of(distinct(REPEATED_FROM + index), customer, url)
    return request_of(_repeated(index, customers), customer, url)


def _repeated(index: int, customers: int) -> str:
    """Something else each time a customer comes; every other text has a number of its own."""
    words = QUESTIONS[(index // customers + index) % len(QUESTIONS)]
    return f"Olá, é sobre o pedido {index}. {words}" if index % 2 else words
