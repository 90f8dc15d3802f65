"""Postgres: the engines of a process (`engine`), BEGIN that travels with the first statement
(`deferred_begin`), statements that travel together, prepared once a connection
(`statement_batch`), their rows as objects (`hydration`), and the database's clock (`clock`).
"""
