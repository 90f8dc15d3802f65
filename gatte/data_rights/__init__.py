"""What the data protection law (LGPD) asks of the installation: copies of what is kept of a person,
erasure with its ledger, holds, and retention by class of data.

`data_map` says of every table and column what it is, how long it stays and what an erasure does
with it; the rest carries that out. May import `intake` and everything below it. Callers commit.
Start reading at `erasure.py`.
"""
