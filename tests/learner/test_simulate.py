"""`manage.py simulate`: numbers from a file of labelled pages, without a database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learner.core.pages import CATEGORIES, make_pages


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_pages(300)
    path = tmp_path_factory.mktemp("simulate") / "pages.jsonl"
    with path.open("w") as file:
        for page, truth in zip(made.pages, made.truth, strict=True):
            labels = [name for name, present in zip(CATEGORIES, truth, strict=True) if present]
            row = {"url": page.url, "title": page.title, "text": page.text, "labels": labels}
            file.write(json.dumps(row) + "\n")
    return path


def simulate(data: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("simulate", "--data", str(data), *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_prints_writes_and_draws_what_each_strategy_reached(data: Path, tmp_path: Path) -> None:
    numbers, plot = tmp_path / "out.json", tmp_path / "out.svg"
    schedule = ("--seed-labels", "20", "--batch", "40", "--budget", "100", "--seeds", "2")

    shown = simulate(
        data, "--strategy", "random,default,max_score", *schedule, "--json", str(numbers), "--plot", str(plot)
    )

    facts = json.loads(numbers.read_text())
    assert [report["strategy"] for report in facts["reports"]] == ["random", "default", "max_score"]
    assert facts["reports"][1]["labels"] == [20, 60, 100]
    assert facts["schedule"] == {"seed_labels": 20, "batch": 40, "budget": 100}
    assert facts["pages"] == 300
    assert len(facts["full"]) == 2
    assert "default, 100 labels" in shown
    assert "against random" in shown
    assert plot.read_text().startswith("<svg ")


def test_the_same_command_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(data, "--batch", "50", "--budget", "100", "--seeds", "1", "--json", str(tmp_path / name))

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--strategy", "best"), 'There is no strategy "best". Choose from default, random, '),
        (("--strategy", ","), "No strategy is named"),
        (("--seeds", "0"), "0 seeds are impossible; give at least 1."),
        (("--batch", "0"), "a batch of 0 labels is impossible"),
        (("--limit", "-3"), "A limit of -3 pages is impossible"),
        (("--labels", "topics"), 'has no column "topics"; it has '),
        (("--json", "/nowhere/out.json"), "/nowhere/out.json cannot be written"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(data: Path, arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(CommandError) as refusal:
        simulate(data, *arguments)

    assert message in str(refusal.value)
