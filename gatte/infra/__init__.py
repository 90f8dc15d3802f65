"""Machinery that knows no customer: database, Redis, queue, HTTP, schema, breaker, cache.

May import extensions and settings only. Start reading at `database/engine.py`.
"""
