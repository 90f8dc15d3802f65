"""The figures as Markdown: by voice and in all, with the runs before."""

import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.process_system import PROJECT
from tests.quality import figures, turns
from tests.quality.figures import Figure, Figures
from tests.quality.run import Results
from tests.quality.voice_files import HELD_OUT

TRANSCRIPTS = PROJECT / ".gatte" / "quality"
RUNS = "## Runs"
RUN_HEAD = f"""{RUNS}

Held-out voices only. A figure stands with its 95 % interval.

| commit | day | seeds | well: local | well: gold | well: noisy | reach a person | macro-F1 |
|---|---|---|---|---|---|---|---|
"""
RUN_FIGURES = (
    "customers, local: well",
    "customers, gold: well",
    "customers, noisy: well",
    "sentences: must reach a person",
    "turns: macro-F1",
)


def commit() -> str:
    """The commit that is measured, with a plus when files differ from it."""
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}+" if _git("status", "--porcelain", "--", "gatte", "tests/quality") else head


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def markdown(results: Results, voices: Sequence[str], seeds: int) -> str:
    """The whole report but its runs."""
    held = [one for one in voices if one in HELD_OUT]
    teaching = [one for one in voices if one not in HELD_OUT]
    columns = {"**held out**": held, "teaching": teaching} if held and teaching else {}
    columns = {"all": list(voices)} | columns
    columns |= {f"{one} (held out)" if one in HELD_OUT else one: [one] for one in voices}
    table = {name: figures.of(results, among) for name, among in columns.items()}
    preface = (
        f"Commit `{commit()}`, {seeds} seeds, `python -m tests.quality`. Every figure stands with "
        "its 95 % interval (bootstrap over customers). What counts are the held-out voices: "
        f"{', '.join(sorted(HELD_OUT))}. Nothing is tuned on them. Half is a person for what the "
        "bot should have done alone, or the wanted end without something that had to be said."
    )
    parts = [
        "# Quality: how customers fare",
        preface,
        _table(table),
        _not_playable(results),
        _goals(results),
        _classes(results, held or voices),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: dict[str, Figures]) -> str:
    names = list(dict.fromkeys(name for column in table.values() for name in column))
    head = f"| figure | {' | '.join(table)} |\n|---|{'---|' * len(table)}"
    lines = [
        f"| {name} | {' | '.join(_cell(column.get(name)) for column in table.values())} |"
        for name in names
    ]
    return "\n".join([head, *lines])


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.is_count:
        return f"{figure.value:.0f} of {figure.cases}"
    return f"{figure.value:.0%} ({figure.low:.0%}–{figure.high:.0%})"


def _not_playable(results: Results) -> str:
    missing = Counter(one.goal for one in results.played if one.verdict is None)
    if not missing:
        return ""
    counted = ", ".join(f"{goal} {count}" for goal, count in sorted(missing.items()))
    return f"Dialogues that cannot be played yet and count nowhere: {counted}."


def _goals(results: Results) -> str:
    """How often each goal ends well, over all voices, by reading."""
    judged = [one for one in results.played if one.verdict is not None]
    if not judged:
        return ""
    readings = sorted({one.reading for one in judged})
    lines = [f"| goal | {' | '.join(readings)} |", f"|---|{'---|' * len(readings)}"]
    for goal in sorted({one.goal for one in judged}):
        cells = []
        for reading in readings:
            pairs = [
                (one.customer, float(one.verdict.grade == "well"))
                for one in judged
                if one.verdict and one.goal == goal and one.reading is reading
            ]
            cells.append(_cell(figures.share(pairs)))
        lines.append(f"| {goal} | {' | '.join(cells)} |")
    return "## Ends well, by goal\n\nOver all voices that were played.\n\n" + "\n".join(lines)


def _classes(results: Results, voices: Sequence[str]) -> str:
    read = [one for one in results.read if one.voice in voices]
    if not read:
        return ""
    lines = ["| label | cases | precision | recall | F1 |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.label} | {one.cases} | {one.precision:.2f} | {one.recall:.2f} | {one.f1:.2f} |"
        for one in turns.by_class(read)
    ]
    title = f"## Commands of turns, by label\n\nVoices: {', '.join(voices)}."
    return f"{title}\n\n" + "\n".join(lines)


def write(path: Path, text: str, held_out: Figures, seeds: int) -> None:
    """Write the report, with one more line among the runs that stood there before."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    _, found, runs = before.partition(RUN_HEAD)
    cells = [_cell(held_out.get(name)) for name in RUN_FIGURES]
    day = datetime.now(UTC).date().isoformat()
    line = f"| {commit()} | {day} | {seeds} | {' | '.join(cells)} |\n"
    path.write_text(f"{text}\n{RUN_HEAD}{runs if found else ''}{line}", encoding="utf-8")


def write_transcripts(results: Results) -> None:
    """Keep what went wrong, for teaching voices only: nobody reads those that are held out."""
    TRANSCRIPTS.mkdir(parents=True, exist_ok=True)
    for path in TRANSCRIPTS.glob("*.txt"):
        path.unlink()
    for played in results.played:
        if played.transcript and played.verdict and played.voice not in HELD_OUT:
            title = f"{played.customer} {played.goal} seed {played.seed} {played.reading}"
            head = f"== {title}: {played.verdict.grade}; {'; '.join(played.verdict.problems)}"
            _append(f"{played.voice}-customers-{played.reading}", head, played.transcript)
    for heard in results.heard:
        if heard.transcript and heard.voice not in HELD_OUT:
            head = f"== {heard.id} {heard.counts}"
            _append(f"{heard.voice}-sentences", head, heard.transcript)


def _append(name: str, head: str, transcript: Sequence[str]) -> None:
    with (TRANSCRIPTS / f"{name}.txt").open("a", encoding="utf-8") as file:
        file.write("\n".join([head, *transcript, "", ""]))
