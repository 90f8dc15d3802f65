"""Carries out what the core decided, for `turns` and `desk`: state, replies, effects, timers.

May import delivery and everything below it. Start reading at `apply.py`.
"""
