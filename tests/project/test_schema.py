"""The OpenAPI schema: valid, and generated without a guess."""

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command


def test_the_schema_is_valid_and_needs_no_guess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schema.yaml"

    call_command("spectacular", "--fail-on-warn", "--validate", file=str(path))

    assert capsys.readouterr().err == ""
    schema = yaml.safe_load(path.read_text())
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    assert {operation["operationId"] for operation in operations} >= {"queue_claim", "judgment_submit"}
    assert all("application/json" in _error(operation, "401") for operation in operations)


def _error(operation: dict[str, dict[str, dict[str, dict[str, object]]]], status: str) -> dict[str, object]:
    return operation["responses"][status]["content"]
