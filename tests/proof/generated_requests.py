"""Requests that schemathesis generates of the OpenAPI document, against the running system."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.core.failures import FailureGroup

from tests.api_proof import NO_LIMIT, NOT_GENERATED, Prover
from tests.app_fixture import application
from tests.proof.proof_system import Outcome, proof_system
from tests.proof.webhook_fuzz import tell_exceptions


class RemoteProver(Prover):
    """Sends to processes; the application beside them prepares rows and a token."""

    def __init__(self, app: Flask, url: str) -> None:
        super().__init__(app)
        self.url = url

    def operations(self) -> Iterator[Any]:
        """Every operation of the document that the system serves."""
        schema = schemathesis.openapi.from_url(f"{self.url}/openapi.json")
        schema.config.update(base_url=self.url)
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.definition.raw["operationId"] not in NOT_GENERATED:
                yield operation


def run(examples: int) -> Outcome:
    """So many good and so many bad requests to each operation."""
    outcome = Outcome()
    with proof_system(
        GATTE_LOG_LEVEL="WARNING", GATTE_API_RATE_PER_MINUTE=str(NO_LIMIT), WEB_CONCURRENCY="2"
    ) as proof:
        proof.system.start()
        proof.system.wait_until_ready()
        with application(proof.database, proof.valkey.url(), gatte_log_level="CRITICAL") as app:
            prover = RemoteProver(app, proof.url)
            operations = list(prover.operations())
            for operation in operations:
                try:
                    prover.prove(operation, examples)
                except (Exception, FailureGroup) as error:  # noqa: BLE001 - a report of all operations
                    outcome.fail(operation.label, str(error)[:3000])
        tell_exceptions(proof, outcome)
    by_status: Counter[int] = Counter()
    for (_, status), count in prover.answers.items():
        by_status[status] += count
    outcome.figures |= {
        "requests to operations": f"{by_status.total():,}, {len(operations)}",
        "answers": ", ".join(f"{code}: {count:,}" for code, count in sorted(by_status.items())),
    }
    return outcome
