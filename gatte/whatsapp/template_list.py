"""Meta's list of a company's templates, read leniently: a template that lacks what we need is left
out, and a word that we do not know becomes `other`.

Shape: GET /{WhatsApp Business account}/message_templates of the Business Management API.
"""

import re
from dataclasses import dataclass
from typing import Any

from gatte.models.message_template import TemplateCategory, TemplateState
from gatte.whatsapp.lenient_json import as_dict, as_list

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
TEXT = "text"
QUICK_REPLY = "quick_reply"


@dataclass(frozen=True)
class ListedTemplate:
    """A template in one language as Meta lists it; `variables` and `buttons` as the table
    `message_template` has them.
    """

    name: str
    language: str
    category: TemplateCategory
    state: TemplateState
    body: str
    variables: tuple[dict[str, str], ...] = ()
    buttons: tuple[dict[str, str], ...] = ()


def parse_templates(answer: object) -> list[ListedTemplate]:
    """The templates of one page of the list."""
    rows = [_template(as_dict(row)) for row in as_list(as_dict(answer).get("data"))]
    return [row for row in rows if row is not None]


def next_cursor(answer: object) -> str | None:
    """Where the next page begins; None on the last."""
    paging = as_dict(as_dict(answer).get("paging"))
    after = as_dict(paging.get("cursors")).get("after")
    return after if isinstance(after, str) and paging.get("next") else None


def _template(row: dict[str, Any]) -> ListedTemplate | None:
    name, language = row.get("name"), row.get("language")
    if not isinstance(name, str) or not isinstance(language, str):
        return None
    components = [as_dict(one) for one in as_list(row.get("components"))]
    bodies = [one for one in components if _word(one.get("type")) == "body"]
    return ListedTemplate(
        name=name,
        language=language,
        category=_category(row.get("category")),
        state=_state(row.get("status")),
        body=str(bodies[0].get("text") or "") if bodies else "",
        variables=tuple(found for one in components for found in _variables(one)),
        buttons=tuple(found for one in components for found in _buttons(one)),
    )


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def _category(value: object) -> TemplateCategory:
    word = _word(value)
    known = word in set(TemplateCategory)
    return TemplateCategory(word) if known else TemplateCategory.OTHER


def _state(value: object) -> TemplateState:
    word = _word(value)
    return TemplateState(word) if word in set(TemplateState) else TemplateState.OTHER


def _variables(component: dict[str, Any]) -> list[dict[str, str]]:
    """The variables of a component: those in its text, the file of a header, those in buttons."""
    kind = _word(component.get("type"))
    if kind == "buttons":
        buttons = [as_dict(one) for one in as_list(component.get("buttons"))]
        urls = [str(one.get("url") or "") for one in buttons]
        return [_variable("button", name, TEXT) for url in urls for name in _names(url)]
    media = _word(component.get("format"))
    if kind == "header" and media not in {"", TEXT}:
        return [_variable(kind, media, media)]
    text = str(component.get("text") or "")
    return [_variable(kind, name, TEXT) for name in _names(text)]


def _names(text: str) -> list[str]:
    """The variables in a text, each once, in order; numbers by their value."""
    names = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    return names


def _variable(component: str, name: str, kind: str) -> dict[str, str]:
    return {"component": component, "name": name, "kind": kind}


def _buttons(component: dict[str, Any]) -> list[dict[str, str]]:
    if _word(component.get("type")) != "buttons":
        return []
    buttons = [as_dict(one) for one in as_list(component.get("buttons"))]
    return [{"kind": _word(one.get("type")), "text": str(one.get("text") or "")} for one in buttons]


def fill(body: str, values: dict[str, str]) -> str:
    """A template's body with the values of its variables in place."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), body)
