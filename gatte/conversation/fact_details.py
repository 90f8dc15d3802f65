"""What a question on facts names: products, days, ways to pay, channels, and what of them is asked.

All texts are normalised, with abbreviations written out.
"""

import re
from datetime import date, datetime

from gatte.business_hours import named_day, names_day
from gatte.conversation.parsing.dates import find_day
from gatte.conversation.parsing.day_wishes import wish_of
from gatte.conversation.parsing.normalize import union
from gatte.conversation.parsing.products import MODELS

SERVER_CERTIFICATE = "certificado de servidor"
LONE_DEVICE = "token avulso"
"""Products that are asked for beside our certificates."""
KIND_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "e-CNPJ",
        union(
            r"\be[- ]?cnpj\b",
            r"\bcnpj\b",
            r"\bpessoa juridica\b|\bjuridica\b",
            r"\b(?:da|de|para|pra|a minha|minha) (?:minha |a |uma )?(?:empresa|firma|loja)\b",
        ),
    ),
    (SERVER_CERTIFICATE, union(r"\b(?:ssl|servidor|wildcard|dominio)\b")),
    (
        LONE_DEVICE,
        union(
            r"\b(?:token|leitora|midia)\w* (?:novo|nova|avuls\w+|vazi\w+|sozinh\w+)\b",
            r"\bavuls[oa]\b",
            r"\bso (?:o|a) (?:token|leitora|midia)\b",
            r"\bkit\b",
        ),
    ),
    ("e-CPF", union(r"\be[- ]?cpf\b", r"\bcpf\b", r"\bpessoa fisica\b", r"\bpessoal\b")),
    (
        "NF-e",
        union(r"\bnf[- ]?e\b", r"\bnota fiscal\b", r"\b(?:de|para|pra|so|emitir|emite) notas?\b"),
    ),
)


def products_in(plain: str, former: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The products that a text names ("e-CNPJ A1", or "e-CNPJ" without a model); one that names
    only a kind or a model takes the rest from the last of the former products.
    """
    kinds = _positions(plain, KIND_WORDS)
    models = _positions(plain, MODELS)
    last_kind, _, last_model = former[-1].partition(" ") if former else ("", "", "")
    lone = [kind for kind, _ in kinds if kind in {SERVER_CERTIFICATE, LONE_DEVICE}]
    if lone:
        return tuple(lone)
    if not kinds and models and last_kind:
        return tuple(f"{last_kind} {model}" for model, _ in models)
    if not kinds:
        return tuple(model for model, _ in models)
    if not models:
        looks_back = bool(last_model) and bool(re.match(r"(?:e|mas)\b", plain))
        return tuple(f"{kind} {last_model}" if looks_back else kind for kind, _ in kinds)
    if len(kinds) == 1:
        return tuple(f"{kinds[0][0]} {model}" for model, _ in models)
    return tuple(_with_nearest_model(kind, place, models) for kind, place in kinds)


def _positions(
    plain: str, patterns: tuple[tuple[str, re.Pattern[str]], ...]
) -> list[tuple[str, int]]:
    """The names whose pattern occurs, in the order of the text, with their places."""
    found = ((name, pattern.search(plain)) for name, pattern in patterns)
    places = [(name, match.start()) for name, match in found if match]
    return sorted(places, key=lambda one: one[1])


def _with_nearest_model(kind: str, place: int, models: list[tuple[str, int]]) -> str:
    """A kind with the model that follows it, or the only one that is named."""
    after = [model for model, at in models if at > place]
    return f"{kind} {after[0] if after else models[-1][0]}"


def day_in(plain: str, now: datetime) -> date | None:
    """The one day that a text names, by date, weekday, or the name of a holiday; None for several
    days, of which the hours of the week tell.
    """
    named = named_day(plain, now.date())
    if named is not None:
        return named
    if re.search(r"\bsabados e domingos\b|\bsabado ou\b|\bsabado e domingo\b", plain):
        return None
    singular = re.sub(r"\b(sabado|domingo|segunda|terca|quarta|quinta|sexta)s\b", r"\1", plain)
    text = re.sub(r"\b(?:de|da|a) segunda a \w+", "", singular)
    found = find_day(text, now).value
    days = wish_of(found).alternatives if found else ()
    return days[0].first if len(days) == 1 and days[0].one_day else None


def detail_of_hours(plain: str) -> str:
    """`now`, `lunch`, `holidays`, `named` (a day by its name), or nothing."""
    if re.search(r"\balmoco\b", plain) and not re.search(r"\bdepois d[oe] almoco\b", plain):
        return "lunch"
    if re.search(r"\bagora\b|\bvoces (?:estao|tao) abert|\babertos ou nao\b", plain):
        return "now"
    if re.search(r"\bferiados?\b", plain):
        return "holidays"
    return "named" if names_day(plain) else ""


def detail_of_address(plain: str) -> str:
    """`parking`, `access`, `directions`, or nothing."""
    details = {
        "parking": r"\bestacion\w+|\bvagas?\b|\bparar\b",
        "access": r"\belevador\b|\bcadeirante\b|\bacessibilidade\b|\brampa\b|\bportaria\b",
        "directions": (
            r"\bcheg(?:o|ar)\b|\bonibus\b|\bmetro\b|\btubo\b|\brodoviaria\b|\bperto\b|\bproximo\b"
            r"|\breferencia\b|\bcatedral\b"
        ),
    }
    return next((name for name, words in details.items() if re.search(words, plain)), "")


CHANNELS = {
    "phone": (
        r"\btelefone\w*|\bfixo\b|\blig(?:ar|o|ue|a)\b|\bramal\b|\b0800\b|\btelefonar\b|\bligacao\b"
    ),
    "email": r"\be-?mails?\b",
    "site": r"\bsite\b",
    "instagram": r"\binsta(?:gram)?\b",
    "facebook": r"\bface(?:book)?\b",
}


def channel_in(plain: str) -> str:
    """The channel that a text names: a key of the kind `channel`; empty when it names none."""
    return next((name for name, words in CHANNELS.items() if re.search(words, plain)), "")


WAYS = {
    "wallet": r"\bpicpay\b|\bmercado pago\b|\bpaypal\b",
    "cheque": r"\bcheque\b",
    "cash": r"\bdinheiro\b|\bem especie\b",
    "transfer": r"\btransferencia\b|\bted\b|\bdoc\b|\bdeposito\b",
    "invoice": r"\bfaturad\w+|\bfatura\b|\bcolheita\b|\ba prazo\b",
    "boleto": r"\bboleto\b",
    "pix": r"\bpix\b",
    "debit": r"\bdebito\b",
    "credit": r"\bcartao\b|\bcartoes\b|\bcredito\b|\bvisa\b|\belo\b|\bmaster\w*|\bmaquininha\b",
}
PARTED = re.compile(r"\bparcel\w+|\bdivid(?:ir|e|em|o)\b|\bvezes\b|\b\d{1,2} ?x\b|\bjuros\b")
TIMES = re.compile(r"\b(\d{1,2}) ?(?:x|vezes)\b")
TERM = re.compile(r"\b(\d{1,3}) dias\b")


def payment_in(plain: str) -> tuple[str, int | None] | None:
    """The way to pay that a text names (a key of the kind `payment`, `installments`, or `several`)
    with a number of instalments or of days; None when it names none.
    """
    times, term = TIMES.search(plain), TERM.search(plain)
    named = [way for way, pattern in WAYS.items() if re.search(pattern, plain)]
    if term and ("boleto" in named or "invoice" in named or not named):
        return ("boleto" if "boleto" in named else "invoice"), int(term[1])
    if PARTED.search(plain):
        way = "boleto" if named == ["boleto"] else "installments"
        return way, int(times[1]) if times else None
    if len(named) > 1:
        unusual = next((way for way in named if way in {"wallet", "cheque", "cash"}), "several")
        return unusual, None
    return (named[0], None) if named else None


def names_instalments(plain: str) -> bool:
    """Whether a text names a number of instalments."""
    return bool(TIMES.search(plain))


def detail_of_price(plain: str) -> str:
    """`difference`, `all`, `cheapest`, `includes`, `renewal`, or nothing."""
    details = {
        "difference": r"\bdiferenca\b",
        "all": r"\btabela\b|\bprecos\b|\bvalores\b|\btodos\b|\btudo\b",
        "cheapest": r"\bmais (?:barat|em conta)|\bmenor preco\b",
        "includes": r"\bvem com\b|\binclu",
        "renewal": r"\brenov",
    }
    return next((name for name, words in details.items() if re.search(words, plain)), "")


def detail_of_discount(plain: str) -> str:
    """A key of the kind `discount`: `renewal`, `quantity`, `pix`, `group`, or nothing."""
    details = {
        "renewal": r"\brenov",
        "pix": r"\bpix\b|\ba vista\b",
        "quantity": r"\b(?:dois|duas|tres|quatro|cinco|varios|mais de um|\d+)\b|\bquantidade\b",
        "group": r"\bsindicato\b|\bassociad\w+|\baposentad\w+|\bprofessor\w*|\bmei\b|\bconvenio\b",
    }
    return next((name for name, words in details.items() if re.search(words, plain)), "")


def detail_of_delivery(plain: str) -> str:
    """`pickup` where somebody asks to fetch it; else nothing."""
    return "pickup" if re.search(r"\bbusc\w+|\bretir\w+", plain) else ""
