"""One turn of a conversation: claim it, read what is unread, think, and apply what was decided, all
at once or not at all.

A lease (`gatte.store.leases`) sees that one turn runs at a time, and `held_leases` gives those of a
process back that ends; `load` gathers what a decision may depend on, `process`
(no transaction open, for it may wait for a model) asks `intelligence` and `conversation`, `commit`
stores state, trace, effects and answers together. `inactivity` reminds, times out or closes
conversations in which nobody speaks. The jobs of `gatte.jobs.definitions` call it. Start reading at
`run`.
"""
