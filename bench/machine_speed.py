"""How fast this machine is at the moment: the same piece of work, again and again. What shares a
host with others is not always as fast.
"""

import json
import statistics
import time

WORK = [
    {
        f"name {place}": [str(number) * 3 for number in range(30)],
        "inner": {"a": place, "b": [place] * 20},
    }
    for place in range(60)
]
TIMES = 25


def milliseconds() -> float:
    """Processor time of writing, reading and sorting some hundred kilobytes, in one process alone:
    the median of some runs.
    """
    return statistics.median(_once() for _ in range(TIMES))


def _once() -> float:
    started = time.process_time()
    for _ in range(8):
        json.loads(json.dumps(WORK))
        sorted(str(one) for one in WORK)
    return (time.process_time() - started) * 1000
