"""What operators and the clock run: daily figures. May import `turns`, `desk` and everything below
them. Callers commit.
"""
