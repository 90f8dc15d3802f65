"""What a new customer costs more than one who comes back: processor time, statements, round trips,
and where the worker's time goes.
"""

from bench import own_time, turn_cost_counters, worker_profile
from bench.consistency import check
from bench.customers import Load
from bench.load_environment import COUNTED, ground
from bench.report import ReportPart, ReportRow
from bench.turn_cost_counters import GATTE, Cost

RATE = 20
TURNS = 300
TARGETS_MS = {"worker": 8, "Postgres": 3}
TITLE = (
    f"What a turn costs by who writes, at {RATE}/s, {TURNS} turns each, "
    "worker warm, the demo knowledge base; "
    "statements and round trips are counted outside, on the way to the stores:"
)


def measure() -> ReportPart:
    """The three loads one after the other on one system; who comes back is who was new before."""
    found: dict[Load, Cost] = {}
    rows: list[ReportRow] = []
    with ground(counted=True) as place:
        for load in Load:
            since = own_time.now(place.place)
            found[load] = turn_cost_counters.of_load(place, load, 0, TURNS, RATE)
            more = f"webhook p99 {found[load].sent.percentile(0.99):.0f} ms"
            rows.append(own_time.row(place.place, f"our own time at {RATE}/s: {load}", since, more))
        check(place, TURNS * len(Load))
    rows += [_target(found, name, most) for name, most in TARGETS_MS.items()]
    return ReportPart(rows, f"{TITLE}\n\n{_table(found)}\n\n{worker_profile.table_of_areas()}")


def _target(found: dict[Load, Cost], name: str, most: float) -> ReportRow:
    spent = found[Load.NEW].milliseconds[name]
    what = f"processor time of a turn, {name}: {Load.NEW}"
    return ReportRow(what, f"≤ {most} ms", f"{spent:.1f} ms", f"at {RATE}/s", spent <= most)


def _table(found: dict[Load, Cost]) -> str:
    lines = [f"| | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    costs = list(found.values())
    lines += [_line(f"{name}, CPU ms", [one.milliseconds[name] for one in costs]) for name in GATTE]
    lines.append(_line("in all, CPU ms", [one.total for one in costs]))
    for name in COUNTED:
        asked = [one.asked[name] for one in costs]
        lines.append(_line(f"{name}: SQL statements", [one.statements for one in asked]))
        lines.append(_line(f"{name}: round trips to Postgres", [one.trips for one in asked]))
        lines.append(
            _line(f"{name}: round trips to Valkey", [one.trips_to_valkey for one in asked])
        )
    return "\n".join(lines)


def _line(name: str, values: list[float]) -> str:
    return f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |"
