"""The same world as the whole-flow tests live in, for those that break it."""

from tests.integration.flow.conftest import gemini, meta, system, world

__all__ = ["gemini", "meta", "system", "world"]
