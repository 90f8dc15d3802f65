"""Postgres by hand: statements that travel together, prepared once a connection."""
