"""Where a worker's processor time goes in a turn, by room of the code and by package."""

import cProfile
import pstats
import time
from collections import Counter
from pathlib import Path

from bench.checkout import HERE
from bench.environment import TOKEN, application, environment, standin, stores
from bench.load_environment import ARTICLES, STRANGERS
from bench.texts import distinct
from gatte.intake import receive
from gatte.intelligence import service
from gatte.jobs import definitions
from gatte.jobs.job_context import set_job_app
from tests.fakes import payloads
from tests.process_system import NUMBER, PROJECT

TURNS = 150
WARM_UP = 20
SHOWN = 24
NOWHERE = "generated code"
STANDARD = "python3.11"
TITLE = (
    "Where the worker's processor time goes, CPU ms of a turn with its sending, "
    f"mean of {TURNS}, one after the other in one process, "
    "Gemini and Meta answering at once. The profiler itself takes part: "
    "compare the columns, not with other tables."
)
Function = tuple[str, int, str]


def table_of_areas() -> str:
    """A table of the areas that cost most, for a new customer and for the same one coming back,
    texts distinct.
    """
    with stores() as place, standin("gemini") as gemini, standin("meta") as meta:
        HERE.flask(environment(HERE, place), "knowledge", "import", str(HERE.project / ARTICLES))
        services = {
            "GEMINI_API_KEY": "key",
            "GEMINI_BASE_URL": gemini,
            "WHATSAPP_API_BASE_URL": meta,
        }
        app = application(
            place, WHATSAPP_ACCESS_TOKEN=TOKEN, GATTE_CONTACT_RATE_PER_MINUTE="60", **services
        )
        set_job_app(app)
        with app.app_context():
            service.preload_models()
            for number in range(WARM_UP):
                definitions.process_inbox(
                    NUMBER, _write(STRANGERS + number, distinct(STRANGERS + number))
                )
            new, returning = (_profiled(number) for number in range(2))
    return f"{TITLE}\n\n{_table(new, returning)}"


def _profiled(round_number: int) -> Counter[str]:
    """Processor milliseconds a turn by area, over messages of the same customers in every round."""
    profile = cProfile.Profile(time.thread_time)
    for customer in range(TURNS):
        sender = _write(customer, distinct(round_number * TURNS + customer))
        profile.runcall(definitions.process_inbox, NUMBER, sender)
    return areas(pstats.Stats(profile))


def _write(customer: int, words: str) -> str:
    body = payloads.body(payloads.text(words), payloads.person(customer), number=NUMBER)
    return receive.store_webhook(payloads.encode(body)).messages[0].sender_hash.hex()


def areas(stats: pstats.Stats) -> Counter[str]:
    """Milliseconds a turn by area; what is written in C counts where it was called."""
    spent: Counter[str] = Counter()
    for function, (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if function[0] != "~":
            spent[_area(function)] += own
            continue
        for caller, (_, _, share, _) in callers.items():
            spent[_area(caller)] += share
    return Counter({area: seconds * 1000 / TURNS for area, seconds in spent.items()})


def _area(function: Function) -> str:
    """A module of ours, a package, or a module of the standard library."""
    path = Path(function[0])
    if "site-packages" in path.parts:
        return _after("site-packages", path)
    if path.is_relative_to(PROJECT):
        return str(path.relative_to(PROJECT).with_suffix(""))
    if STANDARD in path.parts:
        return f"standard library: {_after(STANDARD, path)}"
    return NOWHERE


def _after(folder: str, path: Path) -> str:
    """The package, or module, that stands in this folder."""
    return path.parts[path.parts.index(folder) + 1].removesuffix(".py")


def _table(new: Counter[str], returning: Counter[str]) -> str:
    shown = [area for area, _ in (new | returning).most_common(SHOWN)]
    lines = ["| | new customer | the same, coming back | more for the new |", "|---|---|---|---|"]
    lines += [_line(area, new[area], returning[area]) for area in shown]
    lines.append(_line("all others", _others(new, shown), _others(returning, shown)))
    return "\n".join([*lines, _line("in all", new.total(), returning.total())])


def _others(spent: Counter[str], shown: list[str]) -> float:
    return spent.total() - sum(spent[area] for area in shown)


def _line(area: str, new: float, returning: float) -> str:
    return f"| {area} | {new:.2f} | {returning:.2f} | {new - returning:+.2f} |"
