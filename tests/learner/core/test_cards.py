"""The same facts in every dialect of the card; nothing written passes for counted, nothing hostile gets through."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import yaml

from learner.core.cards import (
    CardFacts,
    CategoryFacts,
    Changes,
    ColumnFacts,
    Interval,
    LinkFacts,
    PeriodFacts,
    Pictures,
    StreamFacts,
    TableFacts,
    Tops,
    WrittenFacts,
    card_page,
    croissant,
    data_card,
    facts_dump,
    facts_load,
    figures_of,
    in_order,
    read_first,
    tiles_of,
)
from learner.core.cards.sections import licence_known
from learner.core.cards.wording import below, size

HOSTILE = '</title><script>alert(1)</script>&"|\n# Sampling'
SURE = Interval(0.9, 0.8, 0.95, 40)
NONE = Interval(None, None, None, 0, "nobody judged it")


def category(slug: str, name: str = "", **columns: object) -> CategoryFacts:
    row = CategoryFacts(
        slug=slug,
        name=name or slug.capitalize(),
        definition=f"Pages about {slug}.",
        severity=1,
        cipa=False,
        positives={"train": 30, "validation": 5, "test": 5},
        percent_agreement=SURE,
        alpha=SURE,
        drawn=Interval(0.1, 0.05, 0.2, 40),
    )
    return replace(row, **columns)  # type: ignore[arg-type]


def table(name: str, split: str = "") -> TableFacts:
    columns = [ColumnFacts("url", "string"), ColumnFacts("labels", "list<string>")]
    file = f"{name}-{split}.parquet" if split else f"{name}.parquet"
    return TableFacts(name, file, split, 80, 1_000, "0" * 64, columns)


FACTS = CardFacts(
    project="Pilot",
    slug="pilot",
    description="",
    number=3,
    state_as_of="2026-03-04 05:06:07 UTC",
    taxonomy=2,
    guideline=1,
    n_items=80,
    splits={"train": 60, "validation": 10, "test": 10},
    n_none=10,
    n_sites=70,
    n_judgments=160,
    n_annotators=4,
    n_left_out=2,
    overlap=2,
    overlap_max=3,
    holdout_percent=10,
    sources={"": 80},
    methods={"unanimous": 80},
    streams=[StreamFacts("explore", 40, 0.1, 0.2), StreamFacts("query", 40, None, None)],
    categories=[category("games"), category("self-harm", "Self-Harm", severity=3)],
    changes=Changes(2, 5, 1, 0),
    column_of={"games": "is_games", "self-harm": "is_self_harm"},
    versions={1: 20, 2: 60},
    unknown={"games": 4},
    mapping=[LinkFacts(2, "split", "play", ("games", "self-harm"))],
    pictures=Pictures(
        together={"games": {"self-harm": 6}},
        judgments={2: 70, 3: 10},
        period="month",
        periods=[PeriodFacts("2026-01-01", 100), PeriodFacts("2026-02-01", 60)],
        first_judgment="2026-01-05",
        last_judgment="2026-02-05",
        median_seconds=12.0,
        tops=[Tops(1, 5), Tops(10, 20)],
        n_drawn=40,
    ),
    tables=[
        table("items"),
        table("judgments"),
        *(table("items", split) for split in ("train", "validation", "test")),
    ],
    written=[WrittenFacts("licence", "Licence", "odbl\n\n# Terms\nName us.", 2, "2026-01-01")],
)


def front(card: str) -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load(card.split("---")[1])
    return read


def test_facts_come_back_as_they_were() -> None:
    text = facts_dump(FACTS)

    assert facts_dump(facts_load(text)) == text
    assert facts_load(text).versions == {1: 20, 2: 60}
    assert facts_load(text).categories[1].drawn == FACTS.categories[1].drawn


def test_facts_of_an_older_card_are_read_with_what_it_did_not_have_yet() -> None:
    older = json.loads(facts_dump(FACTS))
    del older["pictures"], older["categories"][0]["drawn"]
    older["gone"] = 1

    facts = facts_load(json.dumps(older))

    assert facts.pictures == Pictures()
    assert facts.categories[0].drawn is None
    assert [figure.name for figure in figures_of(facts)] == ["streams", "balance", "agreement", "together"]


def test_every_split_is_told_in_order_whatever_its_name() -> None:
    assert in_order(["zebra", "holdout", "test", "train", "validation"]) == [
        "train", "validation", "test", "holdout", "zebra",
    ]  # fmt: skip
    card = data_card(FACTS)
    assert "60 train, 10 validation, 10 test" in card
    assert "| Train | Validation | Test |" in card
    configs = front(card)["configs"]
    assert isinstance(configs, list)
    assert [row["split"] for row in configs[0]["data_files"]] == ["train", "validation", "test"]


def test_a_table_without_rows_has_no_configuration_for_datasets() -> None:
    empty = replace(table("judgments"), n_rows=0)

    configs = front(data_card(replace(FACTS, tables=[table("items"), empty])))["configs"]

    assert isinstance(configs, list)
    assert [row["config_name"] for row in configs] == ["items"]


def test_the_category_that_is_bent_most_is_worked_out_on_what_is_trained_on() -> None:
    card = data_card(FACTS)

    assert "Worked on Games: 35 of 70 train items have it, 50.0%" in card  # train and validation
    assert "weighed, it is 10.0% [5.0%, 20.0%]" in card
    assert "drawn.is_games.astype(float)" in card


def test_nothing_is_worked_out_when_too_few_items_were_drawn() -> None:
    few = replace(FACTS, categories=[category("games", drawn=Interval(0.5, 0.1, 0.9, 9))])

    assert "fewer than 10 items of `explore`" in data_card(few)
    assert "for one" not in read_first(few)[0]


def test_grave_categories_come_first_in_what_to_read_first() -> None:
    rare = {"train": 1}
    facts = replace(
        FACTS,
        categories=[
            category("games", positives=rare),
            category("self-harm", "Self-Harm", severity=3, positives=rare, alpha=Interval(0.2, 0.1, 0.3, 9)),
        ],
    )

    said = read_first(facts)

    assert "alpha under 0.667) on Self-Harm." in said[1]
    assert "Fewer than 10 items have Self-Harm and Games." in said[2]
    assert "Null is not false" in said[3]
    assert [tile.value for tile in tiles_of(facts)] == ["80", "160", "50.0%", "0.20"]


def test_headings_that_people_write_stand_below_those_of_the_card() -> None:
    assert below("# One\n\n###### Six\nText\n---\nmore #5") == "#### One\n\n#### Six\nText\n\n---\nmore #5"
    assert "\n#### Terms\n" in data_card(FACTS)
    assert "\n# Terms" not in data_card(FACTS)


def test_a_licence_counts_when_it_stands_alone() -> None:
    assert licence_known(" CC-BY-4.0 \n\nName us.") == "cc-by-4.0"
    assert licence_known("All under cc-by-4.0") is None
    assert front(data_card(FACTS))["license"] == "odbl"
    unknown = replace(FACTS, written=[WrittenFacts("licence", "Licence", "Ask us.", 1, "2026-01-01")])
    assert front(data_card(unknown))["license"] == "other"
    assert json.loads(croissant(unknown))["license"] == "Ask us."


def test_size_bands_are_those_of_the_hub() -> None:
    assert [size(n) for n in (1, 1_000, 999_999, 1_000_000)] == [
        "n<1K", "1K<n<10K", "100K<n<1M", "1M<n<10M",
    ]  # fmt: skip


def test_croissant_leaves_out_what_nobody_wrote() -> None:
    said = json.loads(croissant(replace(FACTS, written=[])))

    assert "rai:annotatorDemographics" not in said
    assert "rai:dataUseCases" not in said
    assert said["rai:dataCollectionTimeFrame"] == ["2026-01-05", "2026-02-05"]
    assert [row["@id"] for row in said["distribution"]] == [each.file for each in FACTS.tables]


def test_no_dialect_lets_hostile_names_through() -> None:
    hostile = replace(
        FACTS, project=HOSTILE, categories=[category("games", HOSTILE), category("self-harm", HOSTILE)]
    )

    page = card_page(hostile, "")

    assert "<script" not in page
    for figure in figures_of(hostile):
        ET.fromstring(figure.svg)
    rows = [line for line in data_card(hostile).splitlines() if line.startswith("| </title>")]
    assert rows
    assert all("\\|" in row for row in rows)
    assert json.loads(croissant(hostile))["name"] == "pilot-v3"


def test_a_category_without_a_value_says_why_and_one_without_an_interval_says_so() -> None:
    facts = replace(
        FACTS,
        categories=[
            category("games", alpha=NONE),
            category("self-harm", alpha=replace(SURE, low=None, high=None)),
        ],
    )

    agreement = next(figure for figure in figures_of(facts) if figure.name == "agreement")

    assert "nobody judged it" in agreement.svg
    assert "0.90 no interval n=40" in agreement.svg


def test_a_page_has_no_style_from_elsewhere_and_is_the_same_twice() -> None:
    page = card_page(FACTS, "<p>body</p>")

    assert page == card_page(FACTS, "<p>body</p>")
    assert "url(" not in page
    assert "style=" not in page
    assert page.count("<svg") == 7
