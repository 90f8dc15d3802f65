"""What the system says of itself: log lines, metrics and the ids that tie them together.

May import the ground floor of privacy (`masking`) and nothing else of GATTE, so that every room may
use it. Start reading at `logging.py` (one formatter for our lines and everybody else's), then
`tracing.py` (ids) and `metrics.py` (the names are a contract with operators; `multiprocess.py`
keeps the numbers of several processes together, in the directory that `metrics_folder.py`
chooses).
"""
