"""The templates that Meta approved, and what each is used for: to look at only."""

from dataclasses import dataclass

from flask import Blueprint, Response

from gatte.models import MessageTemplate, NoticePurpose
from gatte.notices import purposes, template_choice
from gatte.notices.purposes import PurposeRule
from gatte.store import message_templates
from gatte.web.htmx import render


@dataclass(frozen=True)
class ShownPurpose:
    """A purpose with the template that serves it, and why none can be sent if that is so."""

    name: str
    rule: PurposeRule
    template: MessageTemplate | None
    problem: str


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/modelos", view_func=list_message_templates)


def list_message_templates() -> Response:
    try:
        number = template_choice.notice_number()
    except template_choice.NoNoticeNumber as missing:
        return render(
            "panel/message_templates.html", templates=[], shown=[], problem=str(missing), used={}
        )
    serving = message_templates.list_purposes()
    account = number.business_account_id
    shown = [_shown(purpose, serving.get(purpose), account) for purpose in NoticePurpose]
    return render(
        "panel/message_templates.html",
        templates=message_templates.list_templates(account),
        shown=shown,
        problem="",
        used={one.template.id: one.rule.title for one in shown if one.template is not None},
    )


def _shown(purpose: NoticePurpose, template: MessageTemplate | None, account: str) -> ShownPurpose:
    rule = purposes.RULES[purpose]
    if template is None or template.business_account_id != account:
        return ShownPurpose(purpose.value, rule, None, "")
    problem = template_choice.problem_with(purpose, template)
    return ShownPurpose(purpose.value, rule, template, problem)
