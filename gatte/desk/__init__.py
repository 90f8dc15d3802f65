"""People's side: what a decision does to a conversation, handing over to people and back, tickets,
leads, business hours.

`decisions.carry_out` stores what the orchestrator decided (whoever caused it: a turn, an agent, the
watchdog); `handoff` holds what agents do. Nothing here commits. May use `delivery` to answer, and
the tables.
"""
