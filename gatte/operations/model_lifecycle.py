"""The life of a trained command model: corrections are read, a challenger is trained, scored and
stored, promoted when the gate lets it, and taken back.

Training takes about a minute of processor time and holds no transaction: the caller commits between
`load_batch`, `train` and `store`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import structlog

from gatte import services
from gatte.extensions import db
from gatte.intelligence import champion
from gatte.intelligence.learning import batch_checks, challenger, correction_set, model_scores
from gatte.intelligence.learning.batch_checks import Refusal
from gatte.intelligence.learning.challenger import Challenge, Corpus
from gatte.intelligence.learning.correction_set import Correction
from gatte.intelligence.learning.model_scores import Comparison
from gatte.intelligence.understanding import command_model_file, reading_input
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.models import ModelVersion, TrainingExample, VersionState
from gatte.store import audit, model_versions, training_examples

log = structlog.get_logger(__name__)


class NotPromotable(Exception):
    """A version may not answer; the message says why, for people who operate the system."""


class NothingToRollBack(Exception):
    """No version answered before the one that does."""


@dataclass(frozen=True)
class TrainingBatch:
    """What a training starts from: the corrections, the champion's version and model, and its
    trial (None when it has to be trained first).
    """

    corrections: tuple[Correction, ...]
    champion_id: int | None
    champion: CommandModel
    trial: CommandModel | None


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training: refusals of the batch alone, or a challenge with its own."""

    batch: TrainingBatch
    first_trial: CommandModel | None
    challenge: Challenge | None
    refusals: tuple[Refusal, ...]

    @property
    def example_count(self) -> int:
        """How many corrections there were."""
        return len(self.batch.corrections)


def load_batch() -> TrainingBatch:
    """Read the corrections and the champion; the caller ends the transaction."""
    row = model_versions.find_champion()
    if row is None or row.base != command_model_file.fingerprint():
        shipped = services.local_models().shipped_command_model()
        return TrainingBatch(_corrections(), None, shipped, None)
    version = model_versions.read_with_file(db.session(), row.id)
    model = champion.model_of(version) if version is not None else None
    trial = None
    if row.trial_file is not None:
        trial = command_model_file.loads(row.trial_file, "trial")
    shipped = model or services.local_models().shipped_command_model()
    return TrainingBatch(_corrections(), row.id, shipped, trial)


def _corrections() -> tuple[Correction, ...]:
    found = (_correction(one) for one in training_examples.list_active())
    return tuple(one for one in found if one is not None)


def _correction(example: TrainingExample) -> Correction | None:
    """An example as it is learned from; None when its contact's key is gone."""
    stored = example.turn_input
    if stored is None:
        return None
    return Correction(
        contact_id=example.contact_id,
        user_id=example.user_id,
        made_at=example.created_at,
        given=reading_input.from_json(stored),
        labels=frozenset(example.labels_after),
    )


def train(batch: TrainingBatch, corpus: Corpus | None = None) -> TrainingResult:
    """Check the corrections, and train and score a challenger when they may be learned from;
    nothing is stored. The corpus is the shipped one unless another is given.
    """
    known = set(batch.champion.labels)
    corrections = [one for one in batch.corrections if one.labels <= known]
    refusals = batch_checks.check(corrections, batch.champion)
    if refusals:
        return TrainingResult(batch, None, None, refusals)
    corpus = corpus or challenger.shipped_corpus()
    trial = batch.trial or challenger.first_trial(corpus)
    agreed = correction_set.agree(corrections)
    done = challenger.challenge(batch.champion, trial, agreed, corpus)
    return TrainingResult(batch, trial, done, tuple(done.comparison.refusals()))


def store(result: TrainingResult) -> ModelVersion:
    """Store what came of a training as a version: a challenger, or a refused one without files. The
    shipped model becomes a version too when none answered before.
    """
    model_versions.lock()
    base = command_model_file.fingerprint()
    refused = bool(result.refusals)
    version = ModelVersion(
        base=base,
        state=VersionState.REFUSED if refused else VersionState.CHALLENGER,
        example_count=result.example_count,
        refusals=[str(one) for one in result.refusals],
        figures=result.challenge.comparison.to_json() if result.challenge else {},
    )
    if result.first_trial is not None and result.batch.champion_id is None:
        _store_shipped(base, result.first_trial)
    if result.challenge is not None and not refused:
        model_versions.retire_challengers()
        content = command_model_file.dumps(result.challenge.model)
        version.file = content
        version.checksum = checksum_of(content)
        version.trial_file = command_model_file.dumps(result.challenge.trial)
    model_versions.add(version)
    model_versions.drop_old_files()
    log.info(
        "model_trained",
        version=version.id,
        state=version.state.value,
        examples=version.example_count,
        refusals=len(version.refusals),
    )
    return version


def checksum_of(content: bytes) -> bytes:
    """What a version's file is checked against before it answers (SHA-256)."""
    return hashlib.sha256(content).digest()


def _store_shipped(base: str, trial: CommandModel) -> None:
    """Let the shipped model be a version that one can go back to, with its trial."""
    shipped = ModelVersion(
        base=base, state=VersionState.RETIRED, trial_file=command_model_file.dumps(trial)
    )
    model_versions.add(shipped)
    model_versions.set_champion(shipped)


def promote(version_id: int, user_id: int | None) -> ModelVersion:
    """Let a challenger answer, or a version that did before; NotPromotable when the gate refused
    it, its file is gone or damaged, or it belongs to another shipped model.
    """
    model_versions.lock()
    version = model_versions.read_with_file(db.session(), version_id)
    if version is None:
        raise NotPromotable(f"there is no version {version_id}: see `flask intents list`")
    has_answered = version.state is VersionState.RETIRED and version.promoted_at is not None
    if version.state is not VersionState.CHALLENGER and not has_answered:
        why = (
            "; ".join(version.refusals) or "only a challenger, or a version that has answered, can"
        )
        raise NotPromotable(f"version {version_id} is {version.state}: {why}")
    _require_file(version)
    former = model_versions.find_champion()
    version.previous_id = former.id if former is not None else None
    model_versions.set_champion(version)
    details = {"from": version.previous_id, "examples": version.example_count}
    audit.record(user_id, "model.promoted", f"model_version:{version.id}", details)
    return version


def _require_file(version: ModelVersion) -> None:
    """NotPromotable unless the version can answer now."""
    if version.file is None and version.example_count:
        raise NotPromotable(f"the file of version {version.id} was dropped: it answered long ago")
    try:
        champion.model_of(version)
    except champion.OtherBase as error:
        detail = f"{error}, but the shipped model is another one now: train again"
        raise NotPromotable(detail) from None
    except command_model_file.DamagedModel as error:
        raise NotPromotable(f"the file of {error} is damaged: train again") from None


def roll_back(user_id: int | None) -> ModelVersion:
    """Let the version answer that did before; NothingToRollBack when there is none, NotPromotable
    when its file is gone or damaged.
    """
    model_versions.lock()
    present = model_versions.find_champion()
    if present is None or present.previous_id is None:
        raise NothingToRollBack
    former = model_versions.read_with_file(db.session(), present.previous_id)
    if former is None:
        raise NothingToRollBack
    _require_file(former)
    model_versions.set_champion(former)
    subject = f"model_version:{former.id}"
    audit.record(user_id, "model.rolled_back", subject, {"from": present.id})
    return former


def is_usable(version: ModelVersion) -> bool:
    """Whether a version belongs to the shipped model of today: another one never answers."""
    return version.base == _shipped_base()


@cache
def _shipped_base() -> str:
    """The name of the shipped model, which stays the same as long as a process runs."""
    return command_model_file.fingerprint()


def score(version_id: int, corpus: Corpus | None = None) -> Comparison:
    """How a version's trial does against the champion's on today's corrections and the shipped
    turns; NotPromotable when one of them has no trial any more.
    """
    models = [_trial_of(model_versions.find_version(version_id)), _trial_of(_champion())]
    corpus = corpus or challenger.shipped_corpus()
    agreed = correction_set.agree(_corrections())
    held_out = [one.example for one in correction_set.split(agreed).held_out]
    return model_scores.compare(models[1], models[0], corpus.scored, held_out)


def _champion() -> ModelVersion | None:
    return model_versions.find_champion()


def _trial_of(version: ModelVersion | None) -> CommandModel:
    if version is None or version.trial_file is None:
        raise NotPromotable("it has no trial to be scored: train first")
    return command_model_file.loads(version.trial_file, "trial")


def told(refusals: Iterable[str]) -> list[str]:
    """Refusals as an operator reads them."""
    return [_sentence(one) for one in refusals]


SENTENCES = {
    "too_few_examples": "there are too few corrections",
    "too_few_contacts": "the corrections come from too few contacts",
    "one_contact": "too many corrections come from one contact; withdraw some of them",
    "agent_contradicts": "one agent says mostly something else than the others; look at theirs",
    "implausible_labels": "most labels look as if drawn by lot; look at the latest corrections",
    "implausible_agent": "most labels of one agent look as if drawn by lot; look at theirs",
    "worse_overall": "it reads the shipped turns worse than the champion",
    "worse_on_corrections": "it reads held-out corrections worse than the champion",
    "class_dropped": "it reads one label worse by more than 2 points",
}


def _sentence(refusal: str) -> str:
    reason, _, detail = refusal.partition(": ")
    return f"{SENTENCES.get(reason, reason)} ({detail})"
