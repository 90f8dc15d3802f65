"""The worker process: takes job batches from RQ and runs their jobs side by side.

Start reading at `runner.py`.
"""
