"""Doors for work that nobody waits for in a browser: turns, delivery, maintenance, and the
dispatcher that finds what is due.

A job is safe to run twice, takes ids, and commits at the end of each finished step. RQ is known
here and in `gatte.infra.rq_queue` only.
"""
