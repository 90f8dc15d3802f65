"""The same client as the whole-flow tests live in, for those that break it."""

from tests.integration.flow.conftest import client, gemini, meta, system

__all__ = ["client", "gemini", "meta", "system"]
