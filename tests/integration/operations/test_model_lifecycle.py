"""From a correction to another reading and back: trained, promoted, taken up without a restart,
rolled back; and what is never promoted.
"""

import pytest
from sqlalchemy import delete, select

from gatte import services
from gatte.desk import corrections, users
from gatte.extensions import db
from gatte.intelligence import champion
from gatte.intelligence.understanding import command_model_file
from gatte.intelligence.understanding.turn_features import TurnContext
from gatte.models import Message, ModelVersion, TrainingExample, VersionState
from gatte.operations import model_lifecycle
from gatte.operations.model_lifecycle import NothingToRollBack, NotPromotable
from gatte.store import model_versions
from tests import small_corpus
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.small_corpus import MOVES

WISH = ["puxa meu atendimento pra outra semana"]
MOVE = "StartFlow:move_appointment"


@pytest.fixture(scope="module")
def agents(app):
    """The ids of three people of the desk."""
    with app.app_context():
        made = [
            users.create_user(f"agente{n}@empresa.example", f"Agente {n}", "uma senha comprida")
            for n in range(3)
        ]
        db.session.commit()
        return [one.id for one in made]


@pytest.fixture(scope="module")
def turns_of_customers(app):
    """The bot's answers to 21 customers, of each one message."""
    said = []
    for number in range(21):
        customer = somebody(app)
        please = "por favor " * (number // len(MOVES))
        customer.sends(payloads.text(f"{MOVES[number % len(MOVES)]} {please}".strip()))
        with app.app_context():
            talk = customer.conversation()
            found = select(Message.id).filter_by(conversation_id=talk.id, author="bot")
            said.append(db.session.scalars(found.order_by(Message.sequence.desc())).first())
    return said


@pytest.fixture
def small_champion(context):
    """A champion that was trained on little, as version of its own, and nothing else."""
    db.session.execute(delete(ModelVersion))
    db.session.execute(delete(TrainingExample))
    content = command_model_file.dumps(small_corpus.champion())
    version = ModelVersion(
        base=command_model_file.fingerprint(),
        state=VersionState.RETIRED,
        file=content,
        checksum=model_lifecycle.checksum_of(content),
        trial_file=command_model_file.dumps(small_corpus.trial()),
        example_count=1,
    )
    model_versions.add(version)
    model_versions.set_champion(version)
    db.session.commit()
    champion.refresh()
    yield version
    db.session.rollback()
    db.session.execute(delete(ModelVersion))
    db.session.commit()
    champion.refresh()


def correct(turns_of_customers, agents, labels):
    for number, message_id in enumerate(turns_of_customers):
        message = db.session.get_one(Message, message_id)
        corrections.correct(message, [labels[number]], "", agents[number % len(agents)])
    db.session.commit()


def train():
    batch = model_lifecycle.load_batch()
    db.session.commit()
    version = model_lifecycle.store(model_lifecycle.train(batch, small_corpus.corpus()))
    db.session.commit()
    return version


def chance_of_move():
    return services.local_models().command_model.read(WISH, TurnContext()).probability(MOVE)


def test_a_corrected_reading_is_right_after_training_and_wrong_again_after_rollback(
    small_champion, turns_of_customers, agents
):
    correct(turns_of_customers, agents, [MOVE] * len(turns_of_customers))
    assert chance_of_move() < 0.5

    version = train()
    assert (version.state, version.refusals) == (VersionState.CHALLENGER, [])
    champion.refresh()
    assert chance_of_move() < 0.5  # it waits

    model_lifecycle.promote(version.id, agents[0])
    db.session.commit()
    champion.refresh()
    assert chance_of_move() > 0.5
    assert services.local_models().command_model.name.endswith(f" v{version.id}")

    model_lifecycle.roll_back(agents[0])
    db.session.commit()
    champion.refresh()
    assert chance_of_move() < 0.5
    assert model_versions.find_champion().id == small_champion.id
    with pytest.raises(NothingToRollBack):
        model_lifecycle.roll_back(None)


def test_random_labels_promote_nothing(small_champion, turns_of_customers, agents):
    drawn = [one.labels for one in small_corpus.random_corrections(len(turns_of_customers))]
    correct(turns_of_customers, agents, [next(iter(labels)) for labels in drawn])

    version = train()

    assert version.state is VersionState.REFUSED
    assert version.refusals[0].startswith("implausible_labels: ")
    assert version.file is None
    with pytest.raises(NotPromotable, match="implausible_labels"):
        model_lifecycle.promote(version.id, None)
    assert model_versions.find_champion().id == small_champion.id


def test_too_few_corrections_are_said_plainly(small_champion, turns_of_customers, agents):
    correct(turns_of_customers[:3], agents, [MOVE] * 3)

    version = train()

    assert version.refusals == ["too_few_examples: 3 of 20"]
    assert model_lifecycle.told(version.refusals) == ["there are too few corrections (3 of 20)"]


def test_withdrawn_corrections_teach_nothing(small_champion, turns_of_customers, agents):
    correct(turns_of_customers, agents, [MOVE] * len(turns_of_customers))
    found = list(db.session.scalars(select(TrainingExample.id)))
    for example_id in found:
        corrections.withdraw(example_id, agents[0], is_admin=True)
    db.session.commit()

    assert train().refusals == ["too_few_examples: 0 of 20"]


def test_a_damaged_file_is_not_promoted_and_not_answered_with(small_champion):
    content = command_model_file.dumps(small_corpus.champion())
    bad = ModelVersion(
        base=command_model_file.fingerprint(),
        state=VersionState.CHALLENGER,
        file=content[:-100] + bytes(100),
        checksum=model_lifecycle.checksum_of(content),
        example_count=30,
    )
    model_versions.add(bad)
    db.session.commit()

    with pytest.raises(NotPromotable, match="damaged"):
        model_lifecycle.promote(bad.id, None)
    db.session.rollback()
    model_versions.set_champion(bad)
    db.session.commit()
    champion.refresh()

    shipped = command_model_file.fingerprint()
    assert services.local_models().command_model.name == shipped


def test_a_version_of_another_shipped_model_does_not_answer(small_champion):
    content = command_model_file.dumps(small_corpus.champion())
    foreign = ModelVersion(
        base="commands-of-another-time",
        state=VersionState.CHALLENGER,
        file=content,
        checksum=model_lifecycle.checksum_of(content),
        example_count=30,
    )
    model_versions.add(foreign)
    db.session.commit()

    with pytest.raises(NotPromotable, match="train again"):
        model_lifecycle.promote(foreign.id, None)


def test_a_process_asks_for_another_champion_at_most_once_in_a_few_seconds(small_champion):
    models = services.local_models()
    models.checked_at = float("-inf")
    champion.refresh_if_due()
    model_versions.retire_champion()
    db.session.commit()

    champion.refresh_if_due()
    assert models.version == small_champion.id

    models.checked_at -= champion.CHECK_SECONDS
    champion.refresh_if_due()
    assert models.version is None
