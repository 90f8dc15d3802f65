"""Training a challenger: the shipped turns and the corrections, learned from where the champion
stands; and the trial of it, a twin that has seen nothing of what it is scored on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gatte.intelligence.learning import correction_set, model_scores
from gatte.intelligence.learning.correction_set import AgreedCorrection
from gatte.intelligence.learning.model_scores import Comparison
from gatte.intelligence.understanding import calibration, command_model, turn_examples
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.turn_examples import TurnExample

SCORED_VOICES = frozenset({"aposentada", "condominio", "feirante", "vendedor"})
"""The teaching voices that no trial learns from: it is scored on them."""


@dataclass(frozen=True)
class Corpus:
    """The turns that come with the software: `scored` are those on which trials are scored;
    `taught` are the others, `whole` is all that an answering model learns from.
    """

    taught: tuple[TurnExample, ...]
    scored: tuple[TurnExample, ...]
    whole: tuple[TurnExample, ...]


@dataclass(frozen=True)
class Challenge:
    """A trained challenger, its trial, and how the trial did against the champion's."""

    model: CommandModel
    trial: CommandModel
    comparison: Comparison


def shipped_corpus() -> Corpus:
    """The shipped turns, those of some voices for scoring."""
    return Corpus(
        taught=turn_examples.read_turns(without=SCORED_VOICES),
        scored=turn_examples.turns_of(SCORED_VOICES),
        whole=turn_examples.read_turns(),
    )


def first_trial(corpus: Corpus) -> CommandModel:
    """The trial of the shipped model: learned from scratch, without what is scored."""
    model = command_model.fit(corpus.taught, "trial")
    return model.calibrated(calibration.read())


def challenge(
    champion: CommandModel,
    trial: CommandModel,
    agreed: Sequence[AgreedCorrection],
    corpus: Corpus,
) -> Challenge:
    """Train a challenger and score its trial against the champion's `trial`."""
    parts = correction_set.split(agreed)
    learned = [one.example for one in parts.learned]
    tried = command_model.fit_again(trial, [*corpus.taught, *learned], "trial")
    held_out = [one.example for one in parts.held_out]
    comparison = model_scores.compare(trial, tried, corpus.scored, held_out)
    corrections = [one.example for one in agreed]
    model = command_model.fit_again(champion, [*corpus.whole, *corrections], "challenger")
    return Challenge(model, tried, comparison)
