"""What `make run` and `make test` need around GATTE on one machine: embedded stores and a
supervisor.

The application knows nothing of this package, and production does not install it. Start reading in
run.py.
"""
