"""What many agents say becomes examples; a batch that nobody should learn from is refused."""

from dataclasses import replace

import numpy as np
import pytest

from gatte.desk import command_words
from gatte.intelligence.learning import batch_checks, challenger, correction_set, model_scores
from gatte.intelligence.learning.batch_checks import RefusalReason
from gatte.intelligence.understanding import command_model, command_model_file
from gatte.intelligence.understanding.command_model_file import DamagedModel
from tests.small_corpus import (
    MOVE,
    champion,
    corpus,
    correction,
    fair_corrections,
    random_corrections,
    trial,
)

HUMAN = frozenset({"RequestHuman"})


def reasons(corrections):
    return {one.reason for one in batch_checks.check(corrections, champion())}


def test_agents_who_agree_weigh_more_than_one():
    alone = correction_set.agree([correction("troca o dia")])
    both = correction_set.agree([correction("troca o dia"), correction("Troca o DIA", agent=2)])

    assert [one.labels for one in both] == [MOVE]
    assert both[0].example.weight > alone[0].example.weight


def test_the_majority_counts_and_a_tie_teaches_nothing():
    said = [correction("troca o dia", agent=agent) for agent in (1, 2)]
    other = correction("troca o dia", HUMAN, agent=3)

    assert correction_set.agree([*said, other])[0].labels == MOVE
    assert correction_set.agree([said[0], other]) == ()


def test_of_an_agent_the_last_word_counts():
    said = [correction("troca o dia", HUMAN), correction("troca o dia", minute=5)]

    assert correction_set.agree(said)[0].labels == MOVE


def test_no_contact_is_learned_from_and_scored_and_the_later_ones_are_scored():
    agreed = correction_set.agree(
        [correction(f"texto {n}", contact=n % 8, minute=n) for n in range(24)]
    )

    parts = correction_set.split(agreed)

    assert not {one.contact_id for one in parts.learned} & {
        one.contact_id for one in parts.held_out
    }
    assert len(parts.held_out) >= 6
    assert min(one.contact_id.int for one in parts.held_out) > max(
        one.contact_id.int for one in parts.learned
    )


def test_a_fair_batch_passes():
    assert batch_checks.check(fair_corrections(), champion()) == ()


def test_too_few_examples_or_contacts_are_told():
    one_contact = [replace(one, contact_id=one.contact_id) for one in fair_corrections(19)]
    assert reasons(one_contact) == {RefusalReason.TOO_FEW_EXAMPLES}

    few = [
        correction(f"{one.given.messages[0]} {n}", contact=n % 4, minute=n)
        for n, one in enumerate(fair_corrections())
    ]
    assert reasons(few) == {RefusalReason.TOO_FEW_CONTACTS}


def test_one_contact_may_not_teach_most_of_a_batch():
    many = [correction(f"arruma outro dia {n}", contact=99, minute=n) for n in range(8)]

    assert RefusalReason.ONE_CONTACT in reasons([*fair_corrections(), *many])


def test_labels_drawn_by_lot_are_refused():
    assert RefusalReason.IMPLAUSIBLE_LABELS in reasons(random_corrections())


def test_one_agent_who_draws_labels_by_lot_is_found():
    drawn = [replace(one, user_id=7) for one in random_corrections(8)]
    drawn = [
        correction(f"{one.given.messages[0]} {n}", one.labels, contact=50 + n, agent=7)
        for n, one in enumerate(drawn)
    ]

    found = batch_checks.check([*fair_corrections(), *drawn], champion())

    assert [one.reason for one in found] == [RefusalReason.IMPLAUSIBLE_AGENT]
    assert "user 7" in found[0].detail


def test_an_agent_who_contradicts_the_others_is_found():
    fair = fair_corrections()
    agreeing = [replace(one, user_id=1 + one.user_id % 3) for one in fair[:6]]
    against = [replace(one, user_id=9, labels=HUMAN) for one in fair[:6]]

    found = batch_checks.check([*fair, *agreeing, *against], champion())

    told = [one.detail for one in found if one.reason is RefusalReason.AGENT_CONTRADICTS]
    assert len(told) == 1
    assert "user 9" in told[0]


def test_the_same_model_is_no_worse_and_a_broken_one_is_refused():
    held_out = [one.example for one in correction_set.agree(fair_corrections())]
    same = model_scores.compare(trial(), trial(), corpus().scored, held_out)
    broken = replace(trial(), bias=trial().bias[::-1].copy(), places=-trial().places)

    worse = model_scores.compare(trial(), broken, corpus().scored, held_out)

    assert list(same.refusals()) == []
    assert (same.shipped.gain, same.shipped.low, same.shipped.high) == (0, 0, 0)
    assert RefusalReason.WORSE_OVERALL in {one.reason for one in worse.refusals()}
    assert worse.shipped.high < 0


def test_a_label_that_drops_refuses_the_challenger():
    question = trial().labels.index("Question")
    deaf = trial().offsets.copy()
    deaf[question] = -50.0

    told = model_scores.compare(
        trial(), replace(trial(), offsets=deaf), corpus().scored, [corpus().scored[0]]
    )

    dropped = [one.detail for one in told.refusals() if one.reason is RefusalReason.CLASS_DROPPED]
    assert [one.split()[0] for one in dropped] == ["Question"]


@pytest.fixture(scope="module")
def challenged():
    agreed = correction_set.agree(fair_corrections())
    return challenger.challenge(champion(), trial(), agreed, corpus())


def test_what_was_corrected_is_read_rightly_afterwards(challenged):
    corrected = fair_corrections()
    before = [champion().read(one.given.messages, one.given.context) for one in corrected]
    after = [challenged.model.read(one.given.messages, one.given.context) for one in corrected]

    assert sum(one.probability(*MOVE) > 0.5 for one in before) < len(corrected) / 2
    assert all(one.probability(*MOVE) > 0.5 for one in after)
    assert challenged.comparison.corrections.gain > 0


def test_a_warm_start_ends_where_a_cold_one_does():
    more = [one.example for one in correction_set.agree(fair_corrections())]
    warm = command_model.fit_again(champion(), [*corpus().whole, *more], "warm")
    cold = command_model.fit_again(
        replace(
            champion(),
            terms=np.zeros_like(champion().terms),
            places=np.zeros_like(champion().places),
            vectors=np.zeros_like(champion().vectors),
            bias=np.zeros_like(champion().bias),
        ),
        [*corpus().whole, *more],
        "cold",
    )

    for one in corpus().scored[:20]:
        there = warm.chances(one.messages, one.context)
        assert np.abs(there - cold.chances(one.messages, one.context)).max() < 2e-3


def test_no_word_of_a_customer_enters_a_model(challenged):
    assert challenged.model.vocabulary is champion().vocabulary
    assert challenged.model.columns is champion().columns


def test_a_model_survives_as_bytes_and_damage_is_noticed():
    content = command_model_file.dumps(champion())
    again = command_model_file.loads(content, "small")

    one = corpus().scored[0]
    assert np.array_equal(
        again.chances(one.messages, one.context), champion().chances(one.messages, one.context)
    )
    with pytest.raises(DamagedModel):
        command_model_file.loads(content[: len(content) // 2], "half")


def test_every_label_that_a_model_can_learn_has_words():
    labels = {label for one in corpus().whole for label in one.labels}

    assert labels <= set(command_words.WORDS)
