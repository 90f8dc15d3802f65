"""Personal data: how it is sealed, masked, cleaned, kept and forgotten.

Two floors. The primitives `crypto`, `masking` and `sanitize` know nothing of the application and
may be used from everywhere; `erasure` and `retention` know the tables. Start reading at
`crypto.py`.
"""
