"""Template filters: times as people say them, masked phones, and text with WhatsApp's marks."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import Blueprint
from markupsafe import Markup, escape

from gatte import services
from gatte.delivery import failure_reasons
from gatte.models import Contact, Message, WebhookEventType
from gatte.store.conversations import SERVICE_WINDOW
from gatte.web.panel import action_labels, labels

MONTHS = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
# A mark works around words only: `2*3*4` stays as it is, `*isto*` becomes bold.
MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"```(.+?)```", re.DOTALL), r"<code>\1</code>"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w_/])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
)


def init_blueprint(bp: Blueprint) -> None:
    """Give the panel's templates their filters."""
    for name, function in FILTERS.items():
        bp.add_app_template_filter(function, name)


def now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """A time in the company's time zone."""
    zone = services.settings().time_zone
    return moment.astimezone(zone)


def time_ago(moment: datetime | None) -> str:
    """How long ago, as people say it: agora, há 3 min, há 2 h, ontem, 4 de mar."""
    if moment is None:
        return ""
    seconds = (now() - moment).total_seconds()
    if seconds < 60:
        return "agora"
    return f"há {duration(timedelta(seconds=seconds))}" if seconds < 24 * 3600 else day(moment)


def day(moment: datetime) -> str:
    """A day as people say it: hoje, ontem, 4 de mar, 4 de mar de 2025."""
    then = local(moment).date()
    today = local(now()).date()
    if then == today:
        return "hoje"
    if then == today - timedelta(days=1):
        return "ontem"
    short = f"{then.day} de {MONTHS[then.month - 1]}"
    return short if then.year == today.year else f"{short} de {then.year}"


def duration(length: timedelta) -> str:
    """A length of time in at most two units: 45 s, 3 min, 2 h 5 min, 3 dias."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        minutes = seconds % 3600 // 60
        return f"{seconds // 3600} h {minutes} min" if minutes else f"{seconds // 3600} h"
    return f"{seconds // 86400} dias"


def lasted(milliseconds: float) -> str:
    """How long a conversation was in a state."""
    return duration(timedelta(milliseconds=milliseconds))


def waiting_time(since: datetime | None) -> str:
    """How long somebody has been waiting, in whole minutes from the first on: a page that counts
    seconds is never calm.
    """
    return "" if since is None else duration(max(now() - since, timedelta(minutes=1)))


def days_left(days: int) -> str:
    """How far the last day of a certificate is: em 5 dias, hoje, há 3 dias."""
    near = {1: "amanhã", 0: "hoje", -1: "ontem"}
    if days in near:
        return near[days]
    return f"em {days} dias" if days > 0 else f"há {-days} dias"


def reminder_step(days_before: int) -> str:
    """Which reminder of a certificate's series one was."""
    if days_before < 0:
        return "Depois do vencimento"
    if days_before == 0:
        return "No dia"
    return f"{days_before} dia{'s' if days_before > 1 else ''} antes"


def time_of_day(moment: datetime | None) -> str:
    """The time of day, 14:05."""
    return "" if moment is None else f"{local(moment):%H:%M}"


def datetime_br(moment: datetime | None) -> str:
    """Day and time in full, 04/03/2026 14:05."""
    return "" if moment is None else f"{local(moment):%d/%m/%Y %H:%M}"


def window_left(last_inbound_at: datetime | None) -> timedelta:
    """How much of the 24-hour window is left; zero when it is closed."""
    closes = now() if last_inbound_at is None else last_inbound_at + SERVICE_WINDOW
    return max(timedelta(), closes - now())


def masked_phone(phone: str | None) -> str:
    """A phone by which an agent can tell two contacts apart, and no one can call: +55 11
    9••••-0001.
    """
    digits = re.sub(r"\D", "", phone or "")
    if len(digits) < 8:
        return "Contato sem telefone"
    if digits.startswith("55") and len(digits) in {12, 13}:
        mobile_digit = "9" if len(digits) == 13 else ""
        return f"+55 {digits[2:4]} {mobile_digit}••••-{digits[-4:]}"
    return f"+{digits[:2]} ••••-{digits[-4:]}"


def phone(number: str | None) -> str:
    """A phone in full, for the agent who serves the contact: +55 11 98888-7777."""
    digits = re.sub(r"\D", "", number or "")
    if digits.startswith("55") and len(digits) in {12, 13}:
        return f"+55 {digits[2:4]} {digits[4:-4]}-{digits[-4:]}"
    return f"+{digits}" if digits else ""


def contact_name(contact: Contact) -> str:
    """What the panel calls a contact: the name, else the masked phone, else that it was erased."""
    if contact.erased_at is not None:
        return "Contato apagado"
    return contact.name or masked_phone(contact.phone)


def initials(name: str) -> str:
    """One or two letters for a round picture; # for a phone."""
    letters = [word[0] for word in name.split() if word[0].isalpha()]
    if not letters:
        return "#"
    last = letters[-1] if len(letters) > 1 else ""
    return (letters[0] + last).upper()


def document(number: str | None) -> str:
    """A CPF or CNPJ with its dots and dashes."""
    clean = number or ""
    if len(clean) == 11:
        return f"{clean[:3]}.{clean[3:6]}.{clean[6:9]}-{clean[9:]}"
    if len(clean) == 14:
        return f"{clean[:2]}.{clean[2:5]}.{clean[5:8]}/{clean[8:12]}-{clean[12:]}"
    return clean


def whatsapp(text: str | None) -> Markup:
    """A text as WhatsApp shows it: *negrito*, _itálico_, ~riscado~, links; everything else is
    escaped.
    """
    pieces: list[str] = []
    last = 0
    plain = text or ""
    for link in URL.finditer(plain):
        pieces += [_marked(plain[last : link.start()]), _link(link.group())]
        last = link.end()
    return Markup("".join([*pieces, _marked(plain[last:])]))  # noqa: S704 - every piece was escaped by _marked or _link


def _marked(text: str) -> str:
    marked = str(escape(text))
    for pattern, replacement in MARKS:
        marked = pattern.sub(replacement, marked)
    return marked


def _link(url: str) -> str:
    safe = escape(url)
    return f'<a href="{safe}" rel="noopener noreferrer nofollow" target="_blank">{safe}</a>'


def snippet(text: str | None, length: int = 90) -> str:
    """The start of a text in one line, without WhatsApp's marks."""
    one_line = " ".join((text or "").split())
    line = re.sub(r"(?<!\w)[*_~]|[*_~](?!\w)", "", one_line)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def message_preview(message: Message) -> str:
    """What a message says in one text: its words, else its kind in brackets, else that it was
    erased.
    """
    if message.erased_at is not None or message.data_key_id is None:
        return "Mensagem apagada"
    kind = labels.ATTACHMENTS.get(message.kind)
    body = message.body or ""
    return f"[{kind}] {body}".strip() if kind else body


def file_size(size: int) -> str:
    """The size of a file: 12 KB, 3,4 MB."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / (1024 * 1024):.1f} MB".replace(".", ",")


def action_in_words(action: str) -> str:
    """An entry of the audit trail as what a person did; the entry's own word when we have none for
    it.
    """
    return action_labels.ACTIONS.get(action, action)


def event_in_words(event: str) -> str:
    """What another system is told of, in Portuguese; a name that we do not know stands as it is."""
    known = set(WebhookEventType)
    return labels.label(WebhookEventType(event)) if event in known else event


def counted(count: int, one: str, several: str) -> str:
    """A number with its noun: 1 certificado, 3 certificados."""
    return f"{count} {one if count == 1 else several}"


def capitalize_first(text: str) -> str:
    """A text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]


def reais(amount: Decimal) -> str:
    """An amount of money as people write it: R$ 1.234,50; small ones with four decimals."""
    places = 4 if 0 < abs(amount) < Decimal("0.1") else 2
    return f"R$ {_with_commas(f'{amount:,.{places}f}')}"


def thousands(count: int) -> str:
    """A count as people write it: 12.345."""
    return _with_commas(f"{count:,}")


def _with_commas(written: str) -> str:
    """A number written in English with Brazilian marks."""
    return written.replace(",", " ").replace(".", ",").replace(" ", ".")


FILTERS: dict[str, Callable[..., object]] = {
    "action_in_words": action_in_words,
    "event_in_words": event_in_words,
    "sentence": capitalize_first,
    "counted": counted,
    "said": message_preview,
    "problem": failure_reasons.explain,
    "ago": time_ago,
    "day": day,
    "span": duration,
    "lasted": lasted,
    "waited": waiting_time,
    "days_left": days_left,
    "reminder_step": reminder_step,
    "clock": time_of_day,
    "full": datetime_br,
    "window_left": window_left,
    "masked_phone": masked_phone,
    "phone": phone,
    "contact_name": contact_name,
    "initials": initials,
    "document": document,
    "file_size": file_size,
    "whatsapp": whatsapp,
    "snippet": snippet,
    "in_words": labels.label,
    "reais": reais,
    "thousands": thousands,
}
