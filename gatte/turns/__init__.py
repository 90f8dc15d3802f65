"""One turn of a conversation: claim it, read what is unread, think, and apply what was decided, all
at once or not at all.

`leases` sees that one turn runs at a time, `reading` gathers what a decision may depend on,
`thinking` (no transaction open, for it may wait for a model) asks `intelligence` and
`conversation`, `applying` stores state, trace, effects and answers together. The door is
`gatte.jobs.turns`. `watchdog` does the same for conversations in which nobody speaks.
"""
