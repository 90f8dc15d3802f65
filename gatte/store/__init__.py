"""All SQL: one module a table family, with its statements, its states and the fragments made of
them.

Rooms above call verbs: `get_…` raises, `find_…` may give None, `list_…` is ordered; a verb that
changes something leaves the commit to its caller. Statements that travel together are added to a
`StatementBatch` that the caller made. May import `whatsapp` and everything below it. Start reading
at `conversations.py`.
"""

from gatte.infra.database.statement_batch import Row, StatementBatch

__all__ = ["Row", "StatementBatch"]
