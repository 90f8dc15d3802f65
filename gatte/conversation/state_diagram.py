"""The transition table as a Mermaid drawing, made from the table itself so that picture and code
cannot differ.
"""

import sys
from collections import defaultdict

from gatte.conversation.states import TRANSITIONS, Event, State

NAMES: dict[State, str] = {
    State.START: "Início",
    State.MENU: "Menu",
    State.ANSWERING: "Respondendo",
    State.COLLECTING: "Coletando dados",
    State.CONFIRMING: "Confirmando",
    State.WAITING_HUMAN: "Na fila",
    State.WITH_HUMAN: "Com atendente",
    State.ERROR: "Erro",
    State.TIMEOUT: "Tempo esgotado",
    State.CLOSED: "Encerrada",
}

INTRODUCTION = (
    "# The states of a conversation\n\n"
    "Drawn from `TRANSITIONS` in `gatte/conversation/states.py`; a test fails when the table and "
    "this drawing differ. The panel shows the same\n"
    "as a picture under `/panel/mapa`. To draw it again: "
    "`python -m gatte.conversation.state_diagram > docs/conversation.md`.\n"
)


def mermaid() -> str:
    """A Mermaid state diagram of every row of the table; events between the same two states share
    an arrow.
    """
    arrows: dict[tuple[State, State], list[Event]] = defaultdict(list)
    for (source, event), target in TRANSITIONS.items():
        arrows[(source, target)].append(event)
    lines = [
        "stateDiagram-v2",
        *(f'    state "{name}" as {state.name}' for state, name in NAMES.items()),
        "    [*] --> START",
    ]
    lines += [
        f"    {source.name} --> {target.name}: {', '.join(events)}"
        for (source, target), events in arrows.items()
    ]
    return "\n".join(lines) + "\n"


def markdown_page() -> str:
    """The page of the documentation that holds the drawing."""
    return f"{INTRODUCTION}\n```mermaid\n{mermaid()}```\n"


if __name__ == "__main__":
    sys.stdout.write(markdown_page())
