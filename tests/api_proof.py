"""Generated requests against every operation of the OpenAPI document: what the application answers
must be what the document says, and no request may bring about an error of ours.

`python -m tests.api_proof [examples]` sends so many good and so many bad requests to each operation
(200 when not told), over stores of its own; a test sends a few.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatte.desk import api_tokens, users
from gatte.extensions import db
from gatte.models import Scope
from tests.app_fixture import application
from tests.integration.panel.factories import Desk
from tests.process_system import build_models
from tests.store_fixtures import running_stores

USUAL_EXAMPLES = 200
NO_LIMIT = 1_000_000  # requests a minute
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOO_LONG = 414  # the HTTP server refuses the address before any application sees it
NOT_GENERATED = {
    "receive",  # a signature cannot be generated; tests of the intake send thousands of bodies
    "ready",  # 503 is right where no worker runs, and is no fault
    "prometheus_metrics",
}


class Prover:
    """Sends generated requests to an application, and counts what came back."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.answers: Counter[tuple[str, int]] = Counter()
        self.token, self.known = _prepare(app)

    def operations(self) -> Iterator[Any]:
        """Every operation of the document that is proven here."""
        schema = schemathesis.openapi.from_wsgi("/openapi.json", self.app)
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.definition.raw["operationId"] not in NOT_GENERATED:
                yield operation

    def prove(self, operation: Any, examples: int) -> None:
        """Send so many good and so many bad requests; the first wrong answer is raised."""
        self._send(operation, GenerationMode.POSITIVE, CHECKS, examples)
        if _has_input(operation):
            bad = [*CHECKS, negative_data_rejection]
            self._send(operation, GenerationMode.NEGATIVE, bad, examples)

    def _send(self, operation: Any, mode: GenerationMode, checks: list[Any], examples: int) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
        def send(case: Case, is_known: bool) -> None:
            if is_known and mode is GenerationMode.POSITIVE:
                self._name_known(case)
            response = case.call(headers={"Authorization": f"Bearer {self.token}"})
            self.answers[operation.definition.raw["operationId"], response.status_code] += 1
            if response.status_code == TOO_LONG:
                return
            case.validate_response(response, checks=checks)

        send()

    def _name_known(self, case: Case) -> None:
        """Let a request be about rows that are there."""
        for place in (case.path_parameters, case.body):
            if isinstance(place, dict):
                place.update({name: self.known[name] for name in place if name in self.known})
        if isinstance(case.body, dict) and "contact_id" in case.body:
            case.body.pop("conversation_id", None)
        if "If-Match" in (case.headers or {}):
            case.headers["If-Match"] = "*"


def _has_input(operation: Any) -> bool:
    """Whether anything about a request of this operation can be wrong."""
    raw = operation.definition.raw
    return "requestBody" in raw or bool(raw.get("parameters"))


def _prepare(app: Flask) -> tuple[str, dict[str, str]]:
    """A token that may do everything, and the ids of some rows, by the names of parameters."""
    desk = Desk(app)
    with app.app_context():
        user = users.create_user("prova@empresa.example", "Prova", "uma senha comprida")
        token = api_tokens.issue("prova", list(Scope), user).secret
        user_id = user.id
        db.session.commit()
    conversation_id = desk.with_agent(user_id, says=["oi"])
    known = {
        "contact_id": str(desk.contact()),
        "conversation_id": str(conversation_id),
        "ticket_id": str(desk.ticket()),
        "lead_id": str(desk.lead()),
        "appointment_id": str(desk.appointment()),
        "fact_id": str(desk.fact()),
    }
    return token, known


def main() -> None:
    """Prove every operation over stores of its own; exit code 1 when one fails."""
    from gatte.infra.schema import migrate

    examples = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL_EXAMPLES
    build_models()
    failed = 0
    with tempfile.TemporaryDirectory() as folder, running_stores(Path(folder)) as stores:
        url = stores.postgres.url("postgres")
        migrate(url)
        with application(
            url,
            stores.valkey.url(),
            gatte_api_rate_per_minute=NO_LIMIT,
            gatte_log_level="CRITICAL",
        ) as app:
            prover = Prover(app)
            for operation in prover.operations():
                failed += _report(prover, operation, examples)
    sys.exit(1 if failed else 0)


def _report(prover: Prover, operation: Any, examples: int) -> int:
    """Prove an operation and print how it went; 1 when it failed."""
    try:
        prover.prove(operation, examples)
    except (Exception, FailureGroup) as error:  # noqa: BLE001 - a report of all operations
        sys.stdout.write(f"FAILED {operation.label}\n{error}\n")
        return 1
    name = operation.definition.raw["operationId"]
    statuses = {code: n for (one, code), n in sorted(prover.answers.items()) if one == name}
    sys.stdout.write(f"ok     {operation.label}  {statuses}\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    main()
