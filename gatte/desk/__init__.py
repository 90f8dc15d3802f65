"""What people at the desk do: take over and hand back, assign, tickets, leads, their own accounts.

`handoff` holds what agents do with a conversation; `decisions` carries it out. Nothing here
commits. May use `decisions` and everything below it. Start reading at `handoff.py`.
"""
