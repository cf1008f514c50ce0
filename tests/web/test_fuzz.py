"""The API fuzzed from its own description: no bug (5xx), and every response is as described."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
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
"""Per operation: half of them as described, half not."""
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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_keeps_its_word(server, mode):
    description = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) >= 18
    fuzzed = []
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES // 2,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def keeps_its_word(case):
            case.call_and_validate(checks=list(CHECKS), timeout=60)

        # Operations without any input have no wrong one.
        with contextlib.suppress(Unsatisfiable):
            keeps_its_word()
            fuzzed.append(operation.label)
    assert "POST /v1/locate" in fuzzed and "GET /v1/basemap/{z}/{x}/{y}.png" in fuzzed
