"""The panel's navigation: the pages of daily work, what the bot knows and learns, and what only
admins do, in the order in which the top of every page shows them.
"""

from dataclasses import dataclass

from flask import Blueprint, current_app, request, url_for

from gatte.web.panel.admin_access import is_admin


@dataclass(frozen=True)
class PageEntry:
    """A page of the navigation: the endpoint of its view, and its name in Portuguese."""

    endpoint: str
    title: str


@dataclass(frozen=True)
class NavigationLink:
    """A link as it is shown; `is_current` when the page under way is that page or belongs to it."""

    title: str
    address: str
    is_current: bool


@dataclass(frozen=True)
class NavigationMenu:
    """Links that open under one title; the present page is told on the title too."""

    name: str
    title: str
    links: list[NavigationLink]

    @property
    def is_current(self) -> bool:
        """Whether the page under way is one of the menu."""
        return any(link.is_current for link in self.links)


@dataclass(frozen=True)
class Navigation:
    """What the top of a page leads to: links that are always in view, and menus."""

    links: list[NavigationLink]
    menus: list[NavigationMenu]


DAILY_PAGES = (
    PageEntry("panel.list_sessions", "Conversas"),
    PageEntry("panel.list_tickets", "Chamados"),
    PageEntry("panel.list_leads", "Leads"),
    PageEntry("panel.show_agenda", "Agenda"),
    PageEntry("panel.list_certificates", "Certificados"),
)
KNOWLEDGE_PAGES = (
    PageEntry("panel.list_articles", "Base de conhecimento"),
    PageEntry("panel.list_question_groups", "Perguntas sem resposta"),
    PageEntry("panel.show_trial_form", "Testar uma pergunta"),
    PageEntry("panel.list_facts", "Dados da empresa"),
    PageEntry("panel.list_message_templates", "Modelos de mensagem"),
    PageEntry("panel.show_learning", "Aprendizado do robô"),
)
SIMULATOR_PAGE = PageEntry("panel.show_simulator", "Simulador")
ADMIN_PAGES = (
    PageEntry("panel.show_indicators", "Indicadores"),
    PageEntry("panel.show_costs", "Custos"),
    PageEntry("panel.list_users", "Pessoas do painel"),
    PageEntry("panel.list_routines", "Rotinas"),
    PageEntry("panel.show_checks", "Verificação"),
    PageEntry("panel.list_tokens", "Tokens da API"),
    PageEntry("panel.list_webhooks", "Webhooks"),
)


def init_blueprint(bp: Blueprint) -> None:
    """Give the panel's templates `navigation`, which makes the navigation of the page under way."""
    bp.context_processor(lambda: {"navigation": navigation})


def navigation() -> Navigation:
    """The navigation of the page under way, as the user who is logged in may see it."""
    has_simulator = current_app.config["GATTE_SIMULATOR"]
    knowledge = (*KNOWLEDGE_PAGES, *((SIMULATOR_PAGE,) if has_simulator else ()))
    admin = ADMIN_PAGES if is_admin() else ()
    current = _current_address((*DAILY_PAGES, *knowledge, *admin))
    menus = [NavigationMenu("conhecimento", "Conhecimento", _links(knowledge, current))]
    if is_admin():
        menus.append(NavigationMenu("administracao", "Administração", _links(admin, current)))
    return Navigation(_links(DAILY_PAGES, current), menus)


def _current_address(pages: tuple[PageEntry, ...]) -> str | None:
    """The address of the page that the request belongs to: the longest that it begins with, so that
    a page within another's address counts as itself.
    """
    addresses = [url_for(page.endpoint) for page in pages]
    above = [one for one in addresses if f"{request.path}/".startswith(f"{one}/")]
    return max(above, key=len, default=None)


def _links(pages: tuple[PageEntry, ...], current: str | None) -> list[NavigationLink]:
    links = []
    for page in pages:
        address = url_for(page.endpoint)
        links.append(NavigationLink(page.title, address, address == current))
    return links
