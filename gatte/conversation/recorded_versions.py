"""Decision histories as former versions recorded them, brought to the shape of today."""

from typing import Any

from gatte.conversation.effects import FORMER_REASONS

Json = dict[str, Any]

VERSION = 3
PRIORITIES = 10  # as many as escalations have; the former version knew one queue for all

SNAPSHOT_FIELDS = {
    "asking": "requested_slot",
    "suspended": "suspended_flow",
    "misunderstandings": "fallback_count",
    "slot_failures": "invalid_slot_count",
    "errors": "consecutive_errors",
    "notes": "flags",
}
INPUT_FIELDS = {"heard": "utterances"}
UTTERANCE_FIELDS = {"target_id": "referenced_message_id"}
PREDICTION_FIELDS = {"decider": "source", "runners_up": "alternatives"}
STEP_FIELDS = {"source": "from_state", "target": "to_state"}
EFFECT_FIELDS = {"why": "reason", "tried": "activity_log"}
LABELS = {f"Escalate:{former}": f"Escalate:{reason}" for former, reason in FORMER_REASONS.items()}


def to_current(recorded: Json) -> Json:
    """A recorded history without its version; one of version 1 (it names none) or 2 in new
    names.
    """
    version = recorded.get("version", 1)
    history = {name: value for name, value in recorded.items() if name != "version"}
    if version == 1:
        return _from_version_1(history)
    if version == 2:
        history["inputs"] = [_with_todays_labels(one) for one in history["inputs"]]
    return history


def _with_todays_labels(recorded: Json) -> Json:
    """Version 2 had other names for two reasons of an escalation; in commands they are read as
    today's, in the labels of a model they are text.
    """
    reading = recorded.get("reading")
    if not reading:
        return recorded
    labels = [
        {**score, "label": LABELS.get(score["label"], score["label"])}
        for score in reading["labels"]
    ]
    return {**recorded, "reading": {**reading, "labels": labels}}


def _from_version_1(recorded: Json) -> Json:
    decision = recorded["decision"]
    return {
        "start": _snapshot(recorded["start"]),
        "inputs": [_input(one) for one in recorded["happenings"]],
        "decision": {
            **decision,
            "snapshot": _snapshot(decision["snapshot"]),
            "steps": [_renamed(step, STEP_FIELDS) for step in decision["steps"]],
            "effects": [_renamed(effect, EFFECT_FIELDS) for effect in decision["effects"]],
        },
    }


def _snapshot(recorded: Json) -> Json:
    return {**_renamed(recorded, SNAPSHOT_FIELDS), "desk": _desk(recorded["desk"])}


def _desk(recorded: Json) -> Json:
    """Version 1 knew how many waited in all, and the minutes of that wait."""
    ahead = recorded.get("ahead", 0)
    minutes = recorded.get("wait_minutes")
    return {
        "open": recorded["open"],
        "opens_at": recorded["opens_at"],
        "ahead_by_priority": [ahead] * PRIORITIES,
        "minutes_each": None if minutes is None else minutes / (ahead + 1),
    }


def _input(recorded: Json) -> Json:
    renamed = _renamed(recorded, INPUT_FIELDS)
    if "utterances" in renamed:
        renamed["utterances"] = [_utterance(one) for one in renamed["utterances"]]
    return renamed


def _utterance(recorded: Json) -> Json:
    renamed = _renamed(recorded, UTTERANCE_FIELDS)
    if renamed.get("understanding"):
        renamed["understanding"] = _renamed(renamed["understanding"], PREDICTION_FIELDS)
    return renamed


def _renamed(recorded: Json, names: dict[str, str]) -> Json:
    return {names.get(name, name): value for name, value in recorded.items()}
