import re

import pytest

from gatte.conversation.states import TRANSITIONS, State
from gatte.web.panel.labels import label
from gatte.web.panel.state_diagram import NODE_POSITIONS, edges


def test_the_map_has_every_row_of_the_table_once_and_nothing_else():
    drawn = [((arrow.source, event), arrow.target) for arrow in edges() for event in arrow.events]

    assert sorted(drawn) == sorted(TRANSITIONS.items())
    assert set(NODE_POSITIONS) == set(State)


@pytest.mark.parametrize("state", State)
def test_each_state_shows_its_ways_in_words(agent, state):
    page = agent.get(f"/panel/mapa?estado={state.value}").text

    for source, event in TRANSITIONS:
        if source is state:
            assert label(event) in page
    assert len(re.findall(r'<a href="/panel/mapa\?estado=[A-Z_]+" class="box', page)) == len(State)


def test_an_unknown_state_shows_the_start(agent):
    assert "De “Início” vai para" in agent.get("/panel/mapa?estado=nada").text
