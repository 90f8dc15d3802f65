"""The map of a conversation: the transition table as a picture and as lists, both made from the
table itself.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from gatte.conversation.states import TRANSITIONS, Event, State
from gatte.web.htmx import render

WIDTH, HEIGHT = 180, 44  # of a box
# Where a state's box has its middle, on a sheet of 900 × 540.
NODE_POSITIONS: dict[State, tuple[int, int]] = {
    State.START: (110, 60),
    State.MENU: (450, 60),
    State.ANSWERING: (790, 60),
    State.TIMEOUT: (280, 190),
    State.COLLECTING: (620, 190),
    State.CONFIRMING: (790, 320),
    State.ERROR: (110, 270),
    State.WITH_HUMAN: (450, 340),
    State.WAITING_HUMAN: (620, 460),
    State.CLOSED: (200, 460),
}


@dataclass(frozen=True)
class Edge:
    """A way from one state to another, and all events that take it; `path` is SVG path data."""

    source: State
    target: State
    events: tuple[Event, ...]
    path: str


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/mapa", view_func=show_map)


def show_map() -> Response:
    name = request.args.get("estado", "")
    chosen = State(name) if name in {state.value for state in State} else State.START
    boxes = [(state, x - WIDTH // 2, y - HEIGHT // 2) for state, (x, y) in NODE_POSITIONS.items()]
    # What matters is drawn last, on top.
    arrows = sorted(edges(), key=lambda arrow: arrow.source is chosen)
    return render(
        "panel/state_map.html",
        chosen=chosen,
        boxes=boxes,
        width=WIDTH,
        height=HEIGHT,
        arrows=arrows,
    )


def edges() -> list[Edge]:
    """One arrow for each pair of states that the table joins, in the table's order; staying in a
    state is no arrow's length.
    """
    events: dict[tuple[State, State], list[Event]] = {}
    for (source, event), target in TRANSITIONS.items():
        events.setdefault((source, target), []).append(event)
    return [
        Edge(source, target, tuple(names), _path(source, target))
        for (source, target), names in events.items()
    ]


def _path(source: State, target: State) -> str:
    """A curve from the edge of one box to the edge of the other, bent to the right so that ways
    there and back lie apart.
    """
    if source is target:
        return ""
    source_x, source_y = NODE_POSITIONS[source]
    target_x, target_y = NODE_POSITIONS[target]
    bend_x = (source_x + target_x) / 2 - (target_y - source_y) * 0.12
    bend_y = (source_y + target_y) / 2 + (target_x - source_x) * 0.12
    start_x, start_y = _edge(source_x, source_y, bend_x, bend_y, 0)
    end_x, end_y = _edge(target_x, target_y, bend_x, bend_y, 6)
    return f"M{start_x:.0f} {start_y:.0f}Q{bend_x:.0f} {bend_y:.0f} {end_x:.0f} {end_y:.0f}"


def _edge(
    x: float, y: float, towards_x: float, towards_y: float, gap: float
) -> tuple[float, float]:
    """The point where the line from a box's middle leaves the box, and `gap` further."""
    dx = towards_x - x
    dy = towards_y - y
    share_of_width = (WIDTH / 2 + gap) / abs(dx) if dx else 9e9
    share_of_height = (HEIGHT / 2 + gap) / abs(dy) if dy else 9e9
    share = min(share_of_width, share_of_height)
    return x + dx * share, y + dy * share
