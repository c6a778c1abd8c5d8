"""Schemathesis over the whole API: no operation breaks, and each answers as its schema says.

A process of its own: within pytest it would close the connections of the tests.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.accounts.services import token_create
from annotator.queue.models import Assignment
from annotator.review.models import Disagreement
from tests.pilot import Pilot, make_pilot

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"
EXAMPLES, SEED, SECONDS = 4, 1, 900
CONFIG = """
[parameters]
"path.slug" = "pilot"
"path.item_id" = {{ dictionary = "items", probability = 0.7 }}
"path.assignment_id" = {{ dictionary = "places", probability = 0.7 }}
"path.disagreement_id" = {{ dictionary = "disagreements", probability = 0.7 }}
"path.name" = {{ dictionary = "files", probability = 0.7 }}
"path.number" = {{ dictionary = "numbers", probability = 0.7 }}
"body.item" = {{ dictionary = "items", probability = 0.7 }}

[phases.coverage]
unexpected-methods = []  # test_api_hostile tries them

[dictionaries]
items = {{ values = {items} }}
places = {{ values = {places} }}
disagreements = {{ values = {disagreements} }}
files = {{ values = ["items.parquet", "manifest.json", "card.json"] }}
numbers = {{ values = [1, 2, 3] }}
"""


@pytest.fixture
def pilot() -> Pilot:
    return make_pilot()


@pytest.mark.long
def test_no_operation_breaks_and_each_answers_as_its_schema_says(
    live_server: Any, pilot: Pilot, tmp_path: Path, settings: Any
) -> None:
    settings.API_REQUESTS_A_MINUTE = 0  # test_throttling tries it; here it would hide what comes after
    places = Assignment.objects.filter(project=pilot.project).values_list("pk", flat=True)[:8]
    config = CONFIG.format(
        items=[item.pk for item in pilot.items[:8]],
        places=list(places),
        disagreements=list(Disagreement.objects.values_list("pk", flat=True)),
    )
    (tmp_path / "schemathesis.toml").write_text(config)
    token = token_create(pilot.people["ada"], "fuzz", days=1).secret

    command = [str(Path(sys.executable).with_name("st")), "run", f"{live_server.url}/api/schema/"]
    command += ["--header", f"Authorization: Token {token}", "--checks", CHECKS]
    command += ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--continue-on-failure", "--no-shrink"]
    command += ["--generation-database", "none", "--no-color", "--warnings", "off"]

    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=SECONDS)

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    tested = re.search(r"Tested: +(\d+)", done.stdout)
    assert tested is not None, done.stdout
    assert int(tested[1]) == n_operations(pilot), done.stdout


def n_operations(pilot: Pilot) -> int:
    client = Client()
    client.force_login(pilot.people["ada"])
    schema = json.loads(client.get(reverse("schema"), {"format": "json"}).content)
    return sum(len(methods) for methods in schema["paths"].values())
