"""Speed, measured on whole processes: `make bench` prints a table and writes docs/bench.md. Figures
are of one run on one machine.
"""
