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
    numbers, plot, table = tmp_path / "out.json", tmp_path / "out.svg", tmp_path / "out.md"
    schedule = ("--seed-labels", "20", "--batch", "40", "--budget", "100", "--seeds", "2")

    outputs = ("--json", str(numbers), "--plot", str(plot), "--table", str(table))

    shown = simulate(data, "--strategy", "random,default,max_score", *schedule, *outputs)

    facts = json.loads(numbers.read_text())
    assert [report["strategy"] for report in facts["reports"]] == ["random", "default", "max_score"]
    assert facts["reports"][1]["labels"] == [20, 60, 100]
    assert facts["schedule"] == {"seed_labels": 20, "batch": 40, "budget": 100}
    assert facts["pages"] == 300
    assert len(facts["full"]) == 2
    assert "default, 100 labels" in shown
    assert "against random" in shown
    assert plot.read_text().startswith("<svg ")
    assert table.read_text().startswith("| strategy | macro AP: height | against random |")
    assert all(f"\n| `{name}` | " in table.read_text() for name in ("random", "default", "max_score"))


def test_the_same_command_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(data, "--batch", "50", "--budget", "100", "--seeds", "1", "--json", str(tmp_path / name))

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_default_can_be_mixed_in_another_way(data: Path, tmp_path: Path) -> None:
    schedule = ("--batch", "50", "--budget", "100", "--seeds", "1")
    mixes = {
        "usual": (),
        "chance": ("--shares", "explore=1"),
        "hunt": ("--shares", "query=0, rare=.8,explore=.2"),
    }

    for name, mix in mixes.items():
        simulate(data, *schedule, *mix, "--json", str(tmp_path / name))

    facts = {name: json.loads((tmp_path / name).read_text()) for name in mixes}
    assert facts["hunt"]["shares"] == {"query": 0, "rare": 0.8, "explore": 0.2}
    assert facts["usual"]["reports"] != facts["chance"]["reports"] != facts["hunt"]["reports"]


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
        (("--table", "/nowhere/out.md"), "/nowhere/out.md cannot be written"),
        (("--shares", "rare"), '"rare" is no mix ('),
        (("--shares", "rare=much"), '"rare=much" is no mix ('),
        (("--shares", "hunt=1"), "unknown streams ['hunt']"),
        (("--shares", "rare=nan"), '"rare=nan" is no mix ('),
        (("--shares", "rare=-1,query=2"), "none negative"),
        (("--shares", "audit=1"), "is of audits alone, which never train"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(data: Path, arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(CommandError) as refusal:
        simulate(data, *arguments)

    assert message in str(refusal.value)
