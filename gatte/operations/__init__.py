"""What operators and the clock run: daily figures, rotation of the master keys. May import `turns`,
`desk` and everything below them. Callers commit.
"""
