"""The API fuzzed from its own description: no bug (5xx), and every response is as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

EXAMPLES = 20
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
)
"""All that apply; a description cannot say which bytes are a photo, so that valid requests may be refused."""


@pytest.fixture(scope="session")
def description(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


api = schemathesis.pytest.from_fixture("description")


@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_every_operation_keeps_its_word(case):
    case.call_and_validate(checks=list(CHECKS))
