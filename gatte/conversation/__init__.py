"""The rules of a conversation, pure: a snapshot and an event go in, a decision comes out.

Nothing here knows Flask, SQLAlchemy or a network; what the decision asks for is carried out by
`gatte.decisions`. Start reading at `states.py` (the transition table), then `orchestrator.py`
(`advance`), then the flows, one a module.
"""
