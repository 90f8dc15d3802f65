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
    ways = sorted(
        edges(), key=lambda arrow: arrow.source is chosen
    )  # what matters is drawn last, on top
    return render(
        "panel/state_map.html", chosen=chosen, boxes=boxes, width=WIDTH, height=HEIGHT, arrows=ways
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
    (ax, ay), (bx, by) = NODE_POSITIONS[source], NODE_POSITIONS[target]
    mx, my = (ax + bx) / 2 - (by - ay) * 0.12, (ay + by) / 2 + (bx - ax) * 0.12
    (sx, sy), (tx, ty) = _edge(ax, ay, mx, my, 0), _edge(bx, by, mx, my, 6)
    return f"M{sx:.0f} {sy:.0f}Q{mx:.0f} {my:.0f} {tx:.0f} {ty:.0f}"


def _edge(
    x: float, y: float, towards_x: float, towards_y: float, gap: float
) -> tuple[float, float]:
    """The point where the line from a box's middle leaves the box, and `gap` further."""
    dx, dy = towards_x - x, towards_y - y
    share = min(
        (WIDTH / 2 + gap) / abs(dx) if dx else 9e9, (HEIGHT / 2 + gap) / abs(dy) if dy else 9e9
    )
    return x + dx * share, y + dy * share
