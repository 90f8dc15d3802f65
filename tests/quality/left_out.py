"""`python -m tests.quality.left_out`: how the teaching voices fare where the command model and the
articles have learned nothing from them, read by the system alone.

Voices are left out by groups (`voice_folds`); the models of the groups are trained once and kept
until turns, sentences or code change.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from gatte import services
from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.intelligence import build
from gatte.intelligence.guard import hostile_model_file
from gatte.intelligence.knowledge import articles, retrieval
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.understanding import calibration, voice_folds
from gatte.intelligence.understanding.voice_folds import FOLDS, Fold
from tests.process_system import MODELS
from tests.quality import report, run, system, voice_files
from tests.quality.play import Reading
from tests.quality.run import PlayCustomer, Results, Task

FOLDERS = MODELS / "folds"


def main() -> int:
    """Play what the arguments name and tell the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.left_out", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="ways of writing of each customer")
    parser.add_argument("--only", choices=("customers", "sentences", "turns", "search"))
    parser.add_argument("--folds", default="0,1,2,3", help="numbers of the groups to play")
    given = parser.parse_args()
    build.build(MODELS / "models")
    hostile_model_file.build(MODELS / "models")
    results = Results()
    folds = [FOLDS[int(number)] for number in given.folds.split(",")]
    with ProcessPoolExecutor(run.PROCESSES, get_context("spawn")) as processes:
        played = processes.map(play_fold, folds, repeat(given.seeds), repeat(given.only))
        for one in played:
            results.played += one.played
            results.heard += one.heard
            results.read += one.read
            results.searched += one.searched
    measured = (*results.played, *results.heard, *results.read, *results.searched)
    voices = sorted({one.voice for one in measured})
    sys.stdout.write(report.markdown(results, voices, given.seeds))
    report.write_transcripts(results)
    return 0


def voices_with_files() -> list[str]:
    """The voices that are left out in turn and have customers and sentences."""
    played = set(voice_files.names()) - voice_files.HELD_OUT
    return sorted(played & frozenset().union(*FOLDS))


def play_fold(fold: Fold, seeds: int, only: str | None) -> Results:
    """What came of the voices of one fold, in a system that has learned nothing from them; a mere
    search reads no turn, and needs no model.
    """
    model = None
    if only != "search":
        model = voice_folds.model_without(fold, FOLDERS).calibrated(calibration.read())
    asked = set(_questions_of(fold))
    off_topic = tuple(one for one in articles.off_topic_texts() if _plain(one) not in asked)
    results = Results()
    with (
        patch.object(retrieval, "off_topic_texts", lambda: off_topic),
        tempfile.TemporaryDirectory() as folder,
        system.running(Path(folder), list(_without(asked))) as (app, agents),
    ):
        with app.app_context():
            services.local_models().use(model, None)
        for task in _tasks(sorted(fold & set(voices_with_files())), seeds, only):
            results.add(task.run(app, agents))
    return results


def _tasks(voices: Sequence[str], seeds: int, only: str | None) -> Iterator[Task]:
    """What is played; the readings that are given say nothing of the model."""
    for task in run.tasks(voices, seeds, only):
        if not isinstance(task, PlayCustomer) or task.reading is Reading.LOCAL:
            yield task


def _questions_of(fold: Fold) -> Iterator[str]:
    for voice in sorted(fold & set(voices_with_files())):
        for line in voice_files.lines(voice, "sentences"):
            if line["kind"] == "question":
                yield _plain(line["text"])


def _plain(text: str) -> str:
    return normalize_for_search(text)


def _without(asked: set[str]) -> Iterator[ArticleDraft]:
    """The articles without the ways of asking that were taken from these questions."""
    for draft in articles.read_articles():
        kept = tuple(one for one in draft.example_questions if _plain(one) not in asked)
        yield draft.model_copy(update={"example_questions": kept})


if __name__ == "__main__":
    sys.exit(main())
