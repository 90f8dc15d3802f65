"""Webhook bodies as Meta writes them: builders for every documented type, for batches, and the
signature.

`text("oi")` and its neighbours make the part of a message that depends on its type; `message` makes
it a message, `body` wraps messages and statuses into an envelope, `encode` gives the bytes that
Meta would send, `sign` the header for them.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from tests.fakes.people import ANA, HIDDEN, Person, new_wamid, person

__all__ = ["ANA", "HIDDEN", "Person", "new_wamid", "person"]  # of people.py, used through here

NUMBER = "106540352242922"
DISPLAY_NUMBER = "551140028922"
ACCOUNT = "102290129340398"

Json = dict[str, Any]


# --- what a message can hold ---


def text(body: str) -> Json:
    return {"type": "text", "text": {"body": body}}


def media(kind: str, mime_type: str, **more: Any) -> Json:
    digest = base64.b64encode(hashlib.sha256(kind.encode()).digest()).decode()
    identity = str(secrets.randbelow(9 * 10**14) + 10**14)
    url = (
        f"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={identity}&source=webhook"
    )
    return {
        "type": kind,
        kind: {"mime_type": mime_type, "sha256": digest, "id": identity, "url": url} | more,
    }


def image(caption: str | None = None) -> Json:
    return media("image", "image/jpeg", **({"caption": caption} if caption else {}))


def video(caption: str | None = None) -> Json:
    return media("video", "video/mp4", **({"caption": caption} if caption else {}))


def audio(*, voice: bool = True) -> Json:
    return media("audio", "audio/ogg; codecs=opus", voice=voice)


def voice(media_id: str, content: bytes, mime_type: str = "audio/ogg; codecs=opus") -> Json:
    """A voice message whose file Meta has."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return media("audio", mime_type, voice=True, id=media_id, sha256=digest)


def document(
    filename: str = "contrato.pdf", caption: str | None = None, mime_type: str = "application/pdf"
) -> Json:
    return media(
        "document", mime_type, filename=filename, **({"caption": caption} if caption else {})
    )


def sticker() -> Json:
    return media("sticker", "image/webp", animated=False)


def location() -> Json:
    return {
        "type": "location",
        "location": {
            "latitude": -23.5505,
            "longitude": -46.6333,
            "name": "Praça da Sé",
            "address": "São Paulo",
        },
    }


def contacts() -> Json:
    card = {
        "name": {"formatted_name": "Carlos Lima", "first_name": "Carlos"},
        "phones": [{"phone": "+55 11 91234-5678", "wa_id": "5511912345678"}],
    }
    return {"type": "contacts", "contacts": [card]}


def button_reply(choice: str, title: str) -> Json:
    return {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": choice, "title": title}},
    }


def list_reply(choice: str, title: str, description: str = "") -> Json:
    row = {"id": choice, "title": title, "description": description}
    return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}


def flow_reply(answers: Json) -> Json:
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(answers)}
    return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}


def call_permission_reply(response: str = "accept") -> Json:
    reply = {
        "response": response,
        "is_permanent": False,
        "expiration_timestamp": int(time.time()) + 86_400,
        "response_source": "user_action",
    }
    return {
        "type": "interactive",
        "interactive": {"type": "call_permission_reply", "call_permission_reply": reply},
    }


def quick_reply(payload: str, title: str) -> Json:
    return {"type": "button", "button": {"payload": payload, "text": title}}


def order() -> Json:
    items = [
        {"product_retailer_id": "ecnpj-a1", "quantity": 1, "item_price": 199.9, "currency": "BRL"}
    ]
    return {
        "type": "order",
        "order": {
            "catalog_id": "194836987003835",
            "text": "Pode ser hoje?",
            "product_items": items,
        },
    }


def reaction(message_id: str, emoji: str | None = "👍") -> Json:
    return {
        "type": "reaction",
        "reaction": {"message_id": message_id} | ({} if emoji is None else {"emoji": emoji}),
    }


def changed_number(new: str) -> Json:
    return {
        "type": "system",
        "system": {"type": "user_changed_number", "body": "User A changed", "wa_id": new},
    }


def changed_user_id(new: str, parent: str | None = None) -> Json:
    return {
        "type": "system",
        "system": {
            "type": "user_changed_user_id",
            "user_id": new,
            "parent_user_id": parent,
            "wa_id": "5511987654321",
        },
    }


def unsupported(what: str = "poll_creation", kind: str = "unsupported") -> Json:
    details = {"details": "Message type is currently not supported."}
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": details,
    }
    return {"type": kind, "errors": [error], "unsupported": {"type": what}}


def edit(original: str, part: Json) -> Json:
    return {"type": "edit", "edit": {"original_message_id": original, "message": part}}


def revoke(original: str) -> Json:
    return {"type": "revoke", "revoke": {"original_message_id": original}}


def request_welcome() -> Json:
    return {"type": "request_welcome"}


def every_type() -> dict[str, Json]:
    """One of each documented type, by a name."""
    return {
        "text": text("Olá, bom dia! 😀"),
        "image": image("minha CNH"),
        "video": video(),
        "audio": audio(),
        "document": document(caption="segue"),
        "sticker": sticker(),
        "location": location(),
        "contacts": contacts(),
        "button_reply": button_reply("menu:buy", "Comprar"),
        "list_reply": list_reply("menu:status", "Meu certificado", "Validade"),
        "nfm_reply": flow_reply({"nome": "Ana"}),
        "call_permission_reply": call_permission_reply(),
        "button": quick_reply("renew", "Quero renovar"),
        "order": order(),
        "reaction": reaction("wamid.A"),
        "system": changed_number("5511900000000"),
        "unsupported": unsupported(),
        "unknown": unsupported(kind="unknown"),
        "edit": edit("wamid.A", text("quis dizer e-CPF")),
        "revoke": revoke("wamid.A"),
        "request_welcome": request_welcome(),
    }


# --- messages, statuses, bodies ---


def message(
    part: Json,
    sender: Person = ANA,
    *,
    wamid: str | None = None,
    at: int | None = None,
    **more: Any,
) -> Json:
    """A message of a person; `more` are common keys such as context or referral."""
    made: Json = {
        "id": wamid or new_wamid(sender.phone),
        "timestamp": str(int(time.time()) if at is None else at),
    }
    ids = {
        "from": sender.phone,
        "from_user_id": sender.bsuid,
        "from_parent_user_id": sender.parent_bsuid,
    }
    return {key: value for key, value in ids.items() if value} | made | part | more


def contact(sender: Person) -> Json:
    """The contacts entry of a person."""
    profile = {
        key: value
        for key, value in {"name": sender.name, "username": sender.username}.items()
        if value
    }
    ids = {"wa_id": sender.phone, "user_id": sender.bsuid, "parent_user_id": sender.parent_bsuid}
    return {"profile": profile} | {key: value for key, value in ids.items() if value}


def status(
    wamid: str,
    word: str = "delivered",
    recipient: Person = ANA,
    *,
    outbox_id: str | None = None,
    at: int | None = None,
    errors: list[Json] | None = None,
) -> Json:
    """A status of a message of ours."""
    made: Json = {
        "id": wamid,
        "status": word,
        "timestamp": str(int(time.time()) if at is None else at),
    }
    ids = {
        "recipient_id": recipient.phone,
        "recipient_user_id": recipient.bsuid,
        "biz_opaque_callback_data": outbox_id,
    }
    made |= {key: value for key, value in ids.items() if value}
    if errors:
        return made | {"errors": errors}
    if word in {"sent", "delivered"}:
        made["conversation"] = {"id": "8e1b6f0c2d", "origin": {"type": "service"}}
        made["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": "service",
        }
    return made


def failure(
    wamid: str, code: int = 131026, details: str = "Message undeliverable.", **more: Any
) -> Json:
    """A failed status with its error."""
    error = {
        "code": code,
        "title": "Message undeliverable",
        "message": "Message undeliverable",
        "error_data": {"details": details},
    }
    return status(wamid, "failed", errors=[error], **more)


def value(number: str = NUMBER, **parts: Any) -> Json:
    """The value of a change of field messages."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": number},
    } | parts


def change(part: Json, field: str = "messages") -> Json:
    return {"value": part, "field": field}


def entry(*changes: Json) -> Json:
    return {"id": ACCOUNT, "changes": list(changes)}


def envelope(*entries: Json) -> Json:
    return {"object": "whatsapp_business_account", "entry": list(entries)}


def body(part: Json, sender: Person = ANA, *, number: str = NUMBER, **more: Any) -> Json:
    """A whole webhook body with one message."""
    return envelope(
        entry(
            change(
                value(number, contacts=[contact(sender)], messages=[message(part, sender, **more)])
            )
        )
    )


def statuses_body(*statuses: Json, number: str = NUMBER) -> Json:
    """A whole webhook body with statuses."""
    return envelope(entry(change(value(number, statuses=list(statuses)))))


def batch(
    messages: int,
    *,
    entries: int = 4,
    number: str = NUMBER,
    first: int = 0,
    words: str = "oi, tudo bem?",
) -> Json:
    """A webhook body with many messages, each of another customer, spread over several entries with
    several changes.
    """
    people = [person(index) for index in range(first, first + messages)]
    size = max(1, -(-messages // (entries * 2)))
    groups = [people[start : start + size] for start in range(0, messages, size)]
    changes = [
        change(
            value(
                number,
                contacts=[contact(one) for one in group],
                messages=[message(text(words), one) for one in group],
            )
        )
        for group in groups
    ]
    return envelope(*(entry(*changes[start : start + 2]) for start in range(0, len(changes), 2)))


def echo(part: Json, to: Person = ANA, *, number: str = NUMBER) -> Json:
    """A whole webhook body: a human of the company wrote from the app on the phone."""
    made = {
        "from": DISPLAY_NUMBER,
        "to": to.phone,
        "to_user_id": to.bsuid,
        "id": new_wamid(to.phone),
        "timestamp": str(int(time.time())),
    } | part
    return envelope(
        entry(
            change(
                value(number, message_echoes=[{key: item for key, item in made.items() if item}]),
                "smb_message_echoes",
            )
        )
    )


def number_error(code: int = 130429, *, number: str = NUMBER) -> Json:
    """A whole webhook body with an error of the number."""
    error = {
        "code": code,
        "title": "Rate limit hit",
        "message": "Rate limit hit",
        "error_data": {"details": "Too many messages."},
    }
    return envelope(entry(change(value(number, errors=[error]))))


def encode(made: Json) -> bytes:
    """The bytes as Meta sends and signs them: all but ASCII escaped, slashes too, no spaces."""
    return json.dumps(made, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def sign(raw: bytes, secret: str) -> str:
    """The X-Hub-Signature-256 header."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def signed(made: Json, secret: str) -> tuple[bytes, dict[str, str]]:
    """The bytes and the headers of a POST to the webhook."""
    raw = encode(made)
    return raw, {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": sign(raw, secret),
        "User-Agent": "facebookexternalua",
    }
