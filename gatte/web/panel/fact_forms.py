"""Facts of the company as forms: the fields of each kind, in Portuguese, and what a form holds."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask import request

from gatte.conversation.company_facts import KEYS, FactKind
from gatte.conversation.parsing.normalize import fold
from gatte.desk.facts import FactDraft
from gatte.models import CompanyFact
from gatte.web.panel.form_values import form_text

KINDS: dict[FactKind, str] = {
    FactKind.HOURS: "Horários",
    FactKind.HOLIDAY: "Datas especiais",
    FactKind.ADDRESS: "Endereço",
    FactKind.CHANNEL: "Canais",
    FactKind.PRICE: "Preços",
    FactKind.DISCOUNT: "Descontos",
    FactKind.PAYMENT: "Pagamento",
    FactKind.PARTNER: "Parceiros",
    FactKind.DELIVERY: "Prazos e entrega",
    FactKind.COMPANY: "Empresa",
}
KEY_NAMES: dict[str, str] = {
    "seg": "Segunda-feira",
    "ter": "Terça-feira",
    "qua": "Quarta-feira",
    "qui": "Quinta-feira",
    "sex": "Sexta-feira",
    "sab": "Sábado",
    "dom": "Domingo",
    "phone": "Telefone",
    "email": "E-mail",
    "site": "Site",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "whatsapp": "Outro WhatsApp",
    "pix": "Pix",
    "boleto": "Boleto",
    "credit": "Cartão de crédito",
    "debit": "Cartão de débito",
    "cash": "Dinheiro",
    "transfer": "Transferência",
    "cheque": "Cheque",
    "wallet": "Carteira digital",
    "invoice": "Faturado",
    "renewal": "Na renovação",
    "quantity": "Por quantidade",
    "group": "Para grupos e convênios",
    "general": "Geral",
    "terms": "Condições",
    "commission": "Comissão",
    "payment": "Pagamento",
    "issue": "Emissão do certificado",
    "token": "Envio do token",
    "pickup": "Retirada",
    "home_visit": "Atendimento em domicílio",
    "name": "Nome",
    "holidays_state": "Estado dos feriados",
}


class FieldForm(StrEnum):
    """How a field is written."""

    TEXT = "text"
    SPANS = "spans"
    MONEY = "money"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True)
class FactField:
    """A field of a form: its name in the value, label, hint, and how it is written."""

    name: str
    label: str
    hint: str = ""
    form: FieldForm = FieldForm.TEXT
    required: bool = False


SPANS = FactField(
    "spans",
    "Horários do dia",
    "Como 08:00-12:00, 13:00-18:00. Vazio quer dizer fechado.",
    FieldForm.SPANS,
)
SENTENCE = FactField(
    "text", "Frase", "O cliente lê a frase como está aqui. Até 160 caracteres.", required=True
)
FIELDS: dict[FactKind, tuple[FactField, ...]] = {
    FactKind.HOURS: (SPANS,),
    FactKind.HOLIDAY: (FactField("name", "Nome da data", required=True), SPANS),
    FactKind.ADDRESS: (
        FactField("street", "Rua, número e complemento", required=True),
        FactField("district", "Bairro"),
        FactField("city", "Cidade", required=True),
        FactField("state", "Estado", "Duas letras, como SP.", required=True),
        FactField("postal_code", "CEP", "Como 01234-567."),
        FactField("directions", "Como chegar"),
        FactField("parking", "Estacionamento"),
        FactField("access", "Acesso e elevador"),
    ),
    FactKind.CHANNEL: (
        FactField("contact", "Contato", "Como o cliente disca ou escreve.", required=True),
        FactField("note", "Observação"),
    ),
    FactKind.PRICE: (
        FactField("product", "Produto", "Como e-CNPJ A1.", required=True),
        FactField("amount", "Preço em reais", "Como 199,00.", FieldForm.MONEY, required=True),
        FactField("condition", "Condição", "Como: com o token incluído."),
    ),
    FactKind.DISCOUNT: (SENTENCE,),
    FactKind.PAYMENT: (
        FactField("name", "Nome da forma", "Como cartão de crédito.", required=True),
        FactField("accepted", "Aceitamos", form=FieldForm.CHOICE),
        FactField("installments", "Parcelas, no máximo", form=FieldForm.NUMBER),
        FactField("interest_free", "Sem juros", form=FieldForm.CHOICE),
        FactField("term_days", "Prazo em dias", "0 quer dizer à vista.", FieldForm.NUMBER),
        FactField("note", "Observação"),
    ),
    FactKind.PARTNER: (SENTENCE,),
    FactKind.DELIVERY: (SENTENCE,),
    FactKind.COMPANY: (FactField("text", "Texto", "O nome, ou o estado como SP.", required=True),),
}
CHOICES = (("", "Não informado"), ("sim", "Sim"), ("nao", "Não"))
NOT_KEY = re.compile(r"[^a-z0-9]+")


def keys_of(kind: FactKind) -> list[tuple[str, str]]:
    """The keys that a kind knows, with their names; empty where a key is free."""
    return [(key, KEY_NAMES[key]) for key in KEYS.get(kind, ())]


def name_of(fact: CompanyFact) -> str:
    """What a fact is called in a list."""
    if fact.kind is FactKind.PRICE:
        return str(fact.value.get("product", fact.key))
    if fact.kind is FactKind.HOLIDAY:
        return f"{date.fromisoformat(fact.key):%d/%m/%Y}: {fact.value.get('name', '')}"
    return KEY_NAMES.get(fact.key, "Endereço" if fact.kind is FactKind.ADDRESS else fact.key)


def shown(fact: CompanyFact) -> str:
    """What a fact says, on one line."""
    parts = [shown_field(field, fact.value.get(field.name)) for field in FIELDS[fact.kind]]
    return " · ".join(part for part in parts if part) or "Fechado"


def shown_field(field: FactField, value: Any) -> str:  # noqa: ANN401 - a value of JSON
    """A field on one line of a list; empty for what says nothing."""
    if value is None or value in ("", []):
        return ""
    match field.form:
        case FieldForm.SPANS:
            return ", ".join(value)
        case FieldForm.MONEY:
            return f"R$ {value}".replace(".", ",")
        case FieldForm.CHOICE:
            return f"{field.label}: {'sim' if value else 'não'}"
        case FieldForm.NUMBER:
            return f"{field.label}: {value}"
        case FieldForm.TEXT:
            return str(value)


def written(fact: CompanyFact | None, kind: FactKind) -> dict[str, str]:
    """What a form shows in its fields: those of a stored fact, or empty ones."""
    value = fact.value if fact is not None else {"accepted": True}
    found = {field.name: _as_written(field, value.get(field.name)) for field in FIELDS[kind]}
    if fact is not None:
        found |= {"fonte": fact.source, "de": _day(fact.valid_from), "ate": _day(fact.valid_to)}
    return found


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _as_written(field: FactField, value: Any) -> str:  # noqa: ANN401 - a value of JSON
    if value is None:
        return ""
    match field.form:
        case FieldForm.SPANS:
            return ", ".join(value)
        case FieldForm.MONEY:
            return str(value).replace(".", ",")
        case FieldForm.CHOICE:
            return "sim" if value else "nao"
        case _:
            return str(value)


def written_again() -> dict[str, str]:
    """What a refused form held."""
    return {name: form_text(name) for name in request.form if name != "csrf_token"}


def draft_of_form(kind: FactKind, key: str) -> FactDraft:
    """The fact that a form holds; ValueError when a day is none."""
    value = {
        field.name: read
        for field in FIELDS[kind]
        if (read := _read(field, form_text(field.name))) is not None
    }
    return FactDraft(kind, key, value, form_text("fonte"), _read_day("de"), _read_day("ate"))


def _read(field: FactField, text: str) -> Any:  # noqa: ANN401 - a value of JSON
    match field.form:
        case FieldForm.SPANS:
            return [part.strip() for part in text.split(",") if part.strip()]
        case FieldForm.MONEY:
            return text.replace(".", "").replace(",", ".") if "," in text else text
        case FieldForm.CHOICE:
            return {"sim": True, "nao": False}.get(text)
        case FieldForm.NUMBER:
            return text or None
        case FieldForm.TEXT:
            return text


def _read_day(field: str) -> date | None:
    text = form_text(field)
    return date.fromisoformat(text) if text else None


def key_of_form(kind: FactKind) -> str:
    """The key of a new fact: chosen, or made of its product, or the day; `main` for an address."""
    if kind is FactKind.PRICE:
        return NOT_KEY.sub("-", fold(form_text("product"))).strip("-")
    return form_text("chave") or "main"
