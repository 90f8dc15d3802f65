"""Screens what a customer wrote before any model may read it: clear, suspicious or blocked.

A blocked message is answered politely and goes no further; a suspicious one goes on with a hardened
prompt. Honest questions about security and fraud are clear: docs/guard.md has how often this errs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatte import services
from gatte.infra.scoped_cache import scoped
from gatte.intelligence.guard import deobfuscation, hostile_patterns
from gatte.observability import metrics
from gatte.observability.metric_labels import GuardBand

if TYPE_CHECKING:
    from gatte.intelligence.guard.hostile_model import HostileModel

BLOCKED_ALONE = 0.70
"""What the model must say to block a message in which no pattern is found."""
BLOCKED_WITH_PATTERN = 0.40
"""What it must say beside a weak pattern."""
SUSPICIOUS_ALONE = 0.31
SUSPICIOUS_WITH_PATTERN = 0.10
FEWEST_WORDS = 4
"""Words below which the model says nothing: too little to tell an attack by."""


@dataclass(frozen=True)
class Verdict:
    """What the guard makes of a message: the band, what the model says (0 to 1), and the patterns
    that were found, by name.
    """

    band: GuardBand = GuardBand.CLEAR
    probability: float = 0.0
    patterns: tuple[str, ...] = ()
    disguised: bool = False

    @property
    def is_blocked(self) -> bool:
        return self.band is GuardBand.BLOCKED

    @property
    def is_suspicious(self) -> bool:
        return self.band is GuardBand.SUSPICIOUS


def screen(text: str) -> Verdict:
    """The verdict on a message, counted."""
    verdict = judge(text)
    metrics.GUARD_VERDICTS.labels(band=verdict.band).inc()
    return verdict


def judge(text: str) -> Verdict:
    """The verdict on a text by the model of this process, uncounted; ModelMissing without its
    file.
    """
    return _kept_verdict(text, services.local_models().hostile_model)


@scoped
def _kept_verdict(text: str, model: "HostileModel") -> Verdict:
    """A message is judged when it comes, and again before its question is asked."""
    return verdict_of(text, model)


def verdict_of(text: str, model: "HostileModel") -> Verdict:
    """The verdict on a text by this model."""
    readings = deobfuscation.readings(text)
    strong = {name for one in readings if (name := hostile_patterns.strong_in(one))}
    weak = {name for one in readings for name in hostile_patterns.weak_in(one)}
    long_enough = [one for one in readings if len(one.split()) >= FEWEST_WORDS]
    probability = max((model.probability(one) for one in long_enough), default=0.0)
    band = _band(probability, strong=bool(strong), weak=bool(weak))
    patterns = (*sorted(strong), *sorted(weak - strong))
    return Verdict(band, round(probability, 3), patterns, disguised=len(readings) > 1)


def _band(probability: float, *, strong: bool, weak: bool) -> GuardBand:
    blocked = BLOCKED_WITH_PATTERN if weak else BLOCKED_ALONE
    suspicious = SUSPICIOUS_WITH_PATTERN if weak else SUSPICIOUS_ALONE
    if strong or probability >= blocked:
        return GuardBand.BLOCKED
    return GuardBand.SUSPICIOUS if probability >= suspicious else GuardBand.CLEAR
