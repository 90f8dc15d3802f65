"""The command model: learned from a few turns, kept in a file, read in its place."""

import json

import numpy as np
import pytest

from gatte.conversation.commands import LabelScore, TurnReading
from gatte.intelligence.understanding import calibration, command_model, command_model_file
from gatte.intelligence.understanding.model_file import ModelMissing
from gatte.intelligence.understanding.turn_examples import (
    TurnExample,
    from_json,
    from_sentence,
    read_turns,
)
from gatte.intelligence.understanding.turn_features import TurnContext, features

START = TurnContext()
CONFIRM = TurnContext(flow="lead", slot="confirm", bubble="Posso enviar à nossa equipe?")
QUEUE = TurnContext(waiting=True)


def turn(text, context, *labels):
    return TurnExample((text,), context, frozenset(labels))


FEW = [
    turn("pode mandar", CONFIRM, "Affirm"),
    turn("manda ver", CONFIRM, "Affirm"),
    turn("pode mandar sim", CONFIRM, "Affirm"),
    turn("quanto custa o e-cnpj?", START, "Question"),
    turn("quanto custa o e-cpf?", START, "Question"),
    turn("quanto custa?", CONFIRM, "Question"),
    turn("deixa, resolvi", QUEUE, "LeaveQueue"),
    turn("deixa pra la, resolvi", QUEUE, "LeaveQueue"),
    turn("deixa, ja resolvi aqui", QUEUE, "LeaveQueue"),
]


@pytest.fixture(scope="module")
def model():
    return command_model.fit(FEW, "few")


def test_a_turn_is_read_in_its_place(model):
    assert model.read(["pode mandar"], CONFIRM).labels[0].label == "Affirm"
    assert model.read(["quanto custa o a3?"], START).labels[0].label == "Question"
    assert model.read(["deixa, resolvi"], QUEUE).labels[0].label == "LeaveQueue"


def test_the_same_turns_give_the_same_model(model):
    again = command_model.fit(FEW, "few")

    assert np.array_equal(again.terms, model.terms)
    assert again.read(["manda"], CONFIRM) == model.read(["manda"], CONFIRM)


def test_a_file_gives_back_what_was_learned(tmp_path, model):
    path = tmp_path / "few.npz"
    command_model_file.write(path, model)

    assert command_model_file.read(path).read(["manda"], CONFIRM) == model.read(["manda"], CONFIRM)


@pytest.mark.parametrize("rubbish", [b"", b"PK", b"no model"])
def test_a_damaged_file_is_told_with_the_way_to_make_it(tmp_path, rubbish):
    path = tmp_path / "few.npz"
    path.write_bytes(rubbish)

    with pytest.raises(ModelMissing, match=r"python -m gatte\.intelligence\.build"):
        command_model_file.read(path)


def test_another_turn_means_another_name(tmp_path):
    line = {
        "flow": "",
        "slot": "",
        "bubble": "",
        "options": [],
        "owner": "bot",
        "messages": ["oi"],
        "commands": [{"command": "SmallTalk", "kind": "greeting"}],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    before = command_model_file.fingerprint(tmp_path)
    (tmp_path / "a.jsonl").write_text(json.dumps(line | {"messages": ["oie"]}))

    assert command_model_file.fingerprint(tmp_path) != before
    assert from_json(line).labels == {"SmallTalk:greeting"}


def sentence(kind, **keys):
    line = {"kind": kind, "place": "start", "text": "vocês fazem estorno?", "topic": "none"}
    return from_sentence(line | keys)


def test_a_look_alike_teaches_that_nobody_is_called_and_nothing_else():
    example = sentence("look_alike")

    assert example.labels == frozenset()
    assert example.weight_of("Escalate:refund") == 1
    assert example.weight_of("RequestHuman") == 1
    assert example.weight_of("Question") == 0


def test_what_must_reach_a_person_teaches_its_reason():
    example = sentence("must_reach_person", reason="refund", place="queue")

    assert example.labels == {"Escalate:refund"}
    assert example.weight_of("Escalate:fraud") == 1
    assert example.weight_of("Complain") == 0
    assert example.context.place == "queue"


def test_a_question_that_no_article_answers_teaches_nothing():
    assert sentence("question") is None


def test_what_a_sentence_leaves_open_moves_no_label():
    look_alike = TurnExample(("quanto custa o a3?",), START, frozenset(), known=frozenset({"Deny"}))
    taught = command_model.fit([*FEW, *[look_alike] * 9], "more")

    assert taught.read(["quanto custa o a3?"], START).labels[0].label == "Question"


def test_a_verb_of_the_bot_that_is_said_again_is_a_feature_and_its_negation_another():
    offer = TurnContext(bubble="Posso ajudar? Cancelo a visita?", has_options=True)

    assert "repeats verb negated=False False&offer" in features(["cancela"], offer)
    assert "repeats verb negated=True False&offer" in features(["nao cancele"], offer)


def test_each_clause_is_read_for_itself():
    found = features(["deixa. e sabado?"], START)

    assert "clause=deixa&start" in found
    assert "opens=e&start" in found
    assert "asks&start" in found


def test_the_place_is_a_feature_of_its_own():
    assert "yes&confirm" in features(["sim"], CONFIRM)
    assert "yes&confirm" not in features(["sim"], START)


def test_nothing_is_learned_from_a_held_out_voice():
    """Their texts stand in no file that a build reads."""
    from tests.quality import voice_files

    learned = {"\n".join(one.messages) for one in read_turns() if len("".join(one.messages)) > 30}
    held_out = {
        "\n".join(line["messages"])
        for voice in voice_files.HELD_OUT
        for line in voice_files.lines(voice, "turns")
    }

    assert learned
    assert not learned & held_out


def test_the_second_stage_makes_an_unsure_label_surer_and_leaves_a_right_one():
    yes, no = [-1.0, 0.0], [-5.0, 0.0]
    scores = np.array([yes, yes, no, no] * 100)
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 1]] * 100)

    unsure, right = calibrated_chances(scores, truth, np.array(yes))

    assert unsure > 0.8
    assert right == pytest.approx(0.5, abs=0.05)


def test_the_second_stage_hears_what_other_labels_say():
    undecided, rival = [0.0, -4.0], [0.0, 4.0]
    scores = np.array([undecided, rival] * 200)
    truth = np.array([[1, 0], [0, 1]] * 200)

    alone = calibrated_chances(scores, truth, np.array(undecided))[0]
    beside_rival = calibrated_chances(scores, truth, np.array(rival))[0]

    assert alone > 0.8
    assert beside_rival < 0.2


def calibrated_chances(scores, truth, asked):
    made = calibration.fit(("first", "second"), scores, truth)
    evidence = command_model.evidence_of(asked)
    return 1 / (1 + np.exp(-(np.array(made.weights) @ evidence + np.array(made.offsets))))


def test_a_model_takes_from_the_second_stage_what_it_knows(model):
    weights = tuple(tuple(float(place == own) for place in range(4)) for own in range(2))
    made = calibration.Calibration(("Affirm", "Unheard"), (3.0, 0.0), weights)

    before, after = (one.chances(["manda"], CONFIRM) for one in (model, model.calibrated(made)))

    affirm = model.labels.index("Affirm")
    assert after[affirm] > before[affirm]
    assert np.allclose(np.delete(before, affirm), np.delete(after, affirm))


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    made = calibration.Calibration(("A",), (0.5,), ((1.0, 0.25),))
    file = tmp_path / "calibration.json"
    file.write_text(calibration.dumps(made), encoding="utf-8")

    assert calibration.read(file) == made


def test_every_label_that_is_taught_is_calibrated():
    taught = {label for one in read_turns() for label in one.labels}

    assert taught <= set(calibration.read().labels)


def test_reasons_to_escalate_add_up():
    fraud, refund = LabelScore("Escalate:fraud", 0.2), LabelScore("Escalate:refund", 0.15)
    reading = TurnReading(labels=(LabelScore("Question", 0.3), fraud, refund))

    assert reading.heard(fraud) == pytest.approx(0.35)
    assert reading.heard(refund) == 0.15
    assert reading.heard(reading.labels[0]) == 0.3
