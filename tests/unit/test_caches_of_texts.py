"""No cache of a process holds what a customer wrote: an erasure would not reach it. What a turn
finds in its texts is kept for the turn (`infra/scoped_cache.py`).
"""

import ast
from pathlib import Path

GATTE = Path(__file__).parents[2] / "gatte"
ROOMS = ("conversation", "decisions", "delivery", "intake", "intelligence", "turns")
CACHES = frozenset({"lru_cache", "LruCache"})
"""Bounded caches; what has no bound is for tables of the code itself."""
WITHOUT_TEXTS = {
    "conversation/decision_history.py": "the version of the code",
    "decisions/inactivity_timer.py": "a table of the timer",
    "delivery/rate_limiter.py": "contacts by keyed hash, and when they were written to",
    "intelligence/embedding.py": "the encoder",
    "intelligence/gemini/config.py": "instructions and models",
    "intelligence/grounding_check.py": "passages of the knowledge base",
    "intelligence/guard/leak.py": "our instructions",
    "intelligence/knowledge/articles.py": "off-topic texts of ours",
    "intelligence/knowledge/passages.py": "passages of the knowledge base",
    "intelligence/knowledge/reranker.py": "off-topic texts of ours, words of them and of passages",
    "intelligence/knowledge/retrieval.py": "off-topic texts of ours",
    "intelligence/knowledge/retrieval_cache.py": "the version of the search",
    "intelligence/personal_values.py": "single letters",
    "intelligence/prompts/__init__.py": "our prompts",
    "intelligence/token_limit.py": "instructions of ours",
}
"""The modules that keep something in a process, and what."""


def test_what_keeps_something_in_a_process_is_listed_with_what_it_keeps():
    found = {
        path.relative_to(GATTE).as_posix()
        for room in ROOMS
        for path in (GATTE / room).rglob("*.py")
        if CACHES & _names_in(path)
    }

    assert found == set(WITHOUT_TEXTS)


def _names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
