"""Requests that schemathesis generates of the OpenAPI document, against the running system."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.core.failures import FailureGroup

from tests.api_proof import GOOD_FOR_A_BAD_ONE, NO_LIMIT, Prover
from tests.app_fixture import application
from tests.proof.proof_system import Outcome, proof_system
from tests.proof.webhook_fuzz import tell_exceptions

MOST_TURNS = 20
"""Turns through all operations: some have few requests that differ."""


class RemoteProver(Prover):
    """Sends to processes; the application beside them prepares rows and a token."""

    def __init__(self, app: Flask, url: str) -> None:
        super().__init__(app)
        self.url = url

    def operations(self) -> Iterator[Any]:
        """Every operation of the document that the system serves."""
        schema = schemathesis.openapi.from_url(f"{self.url}/openapi.json")
        schema.config.update(base_url=self.url)
        yield from self._of(schema)


def run(requests: int, number: int) -> Outcome:
    """At least so many requests to all operations together."""
    outcome = Outcome()
    with proof_system(
        GATTE_LOG_LEVEL="WARNING",
        GATTE_API_RATE_PER_MINUTE=str(NO_LIMIT),
        WEB_CONCURRENCY="2",
        WHATSAPP_BUSINESS_ACCOUNT_ID="102290129340398",
    ) as proof:
        proof.system.start()
        proof.system.wait_until_ready()
        with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app:
            prover = RemoteProver(app, proof.url)
            prove_all(prover, requests, number, outcome)
        tell_exceptions(proof, outcome)
    outcome.figures |= _figures(prover)
    return outcome


def prove_all(prover: RemoteProver, requests: int, number: int, outcome: Outcome) -> None:
    """Send to every operation in turns until there were so many; one that fails is left out."""
    operations = list(prover.operations())
    for turn in range(number, number + MOST_TURNS):
        left = requests - prover.sent
        if left <= 0 or not operations:
            return
        # of each request of a share one is bad and three are good
        share = max(1, left // len(operations) // (1 + GOOD_FOR_A_BAD_ONE))
        operations = [one for one in operations if _prove(prover, one, share, turn, outcome)]


def _prove(prover: RemoteProver, operation: Any, share: int, turn: int, outcome: Outcome) -> bool:
    """Whether an operation passed; one that did not is told."""
    try:
        prover.prove_closed(operation)
        prover.prove(operation, share, turn)
    except (Exception, FailureGroup) as error:  # noqa: BLE001 - a report of all operations
        outcome.fail(operation.label, str(error)[:3000])
        return False
    return True


def _figures(prover: RemoteProver) -> dict[str, str]:
    """What came of all requests, and of those to each operation."""
    by_status: Counter[int] = Counter()
    by_operation: dict[str, Counter[int]] = defaultdict(Counter)
    for (name, status), count in prover.answers.items():
        by_status[status] += count
        by_operation[name][status] += count
    reached = prover.reached.total()
    return {
        "requests to operations": f"{by_status.total():,}, {len(by_operation)}",
        "answered by the operation itself": f"{reached:,} ({reached / by_status.total():.0%})",
        "answers": _in_words(by_status),
        **{f"`{name}`": _in_words(found) for name, found in sorted(by_operation.items())},
    }


def _in_words(found: Counter[int]) -> str:
    return ", ".join(f"{code}: {count:,}" for code, count in sorted(found.items()))
