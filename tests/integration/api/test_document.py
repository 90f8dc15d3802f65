"""The OpenAPI document and its page: valid, whole, and true."""

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gatte.models import WebhookEventType
from gatte.web.api.document import read_examples
from tests.api_proof import NO_LIMIT, Prover
from tests.app_fixture import application

EXAMPLES = 1  # bad request, and three good ones; `python -m tests.api_proof` sends more
MACHINES = ("/api/", "/webhook/", "/health/", "/metrics")


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_api_rate_per_minute=NO_LIMIT) as made:
        yield made


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").get_json()


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_route_for_machines_stands_in_the_document(app, document):
    routes = {
        (re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(MACHINES)
    }

    assert len(routes) > 30
    assert routes == {(path, method) for path, method, _ in operations(document)}


def test_every_operation_says_what_it_does_and_what_it_refuses(document):
    for path, _, operation in operations(document):
        assert operation["summary"], path
        if path.startswith("/api/"):
            assert {"401", "403", "422", "429"} <= operation["responses"].keys()
            assert operation["security"][0]["bearer"], path


def test_every_refusal_of_the_document_is_a_problem_document(document):
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path not in {"/health/ready", "/health/startup"}:
                assert list(response["content"]) == ["application/problem+json"], path


def test_every_resource_and_body_has_an_example_that_fits(document):
    schemas = document["components"]["schemas"]
    shared = {"components": {"schemas": schemas}}
    examples = read_examples()
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path, _, operation in operations(document)
        if path.startswith("/api/") and "requestBody" in operation
    }

    assert {ref.rpartition("/")[2] for ref in bodies} <= examples.keys()
    for name, example in examples.items():
        Draft202012Validator({**schemas[name], **shared}).validate(example)
        assert schemas[name]["examples"] == [example]


def test_every_event_is_told_as_a_webhook_of_the_document(document):
    assert document["webhooks"].keys() == set(WebhookEventType)


def test_the_webhook_is_told_with_signature_retries_and_order(document):
    text = document["paths"]["/webhook/whatsapp"]["post"]["description"]

    for word in ("HMAC-SHA256", "200", "7 days", "Order", "wamid"):
        assert word in text


def test_every_operation_answers_as_the_document_says(app):
    prover = Prover(app)

    for operation in prover.operations():
        prover.prove_closed(operation)
        prover.prove(operation, EXAMPLES)

    proven = {name for name, _ in prover.answers}
    statuses = {status for _, status in prover.answers}
    assert len(proven) > 25
    assert {200, 201, 401, 404, 422} <= statuses
    assert prover.reached.total() > prover.sent / 2


def test_the_page_shows_the_document_from_our_own_files_alone(app):
    client = app.test_client()
    page = client.get("/docs")

    assert "script-src 'self'; style-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"https?://|<style|<script>", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(address, buffered=True).status_code == 200
