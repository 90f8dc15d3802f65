from pathlib import Path

from gatte.conversation.state_diagram import markdown_page

DOCUMENTED = Path(__file__).parents[3] / "docs" / "conversation.md"


def test_the_documented_drawing_is_that_of_the_table():
    assert DOCUMENTED.read_text(encoding="utf-8") == markdown_page()
