import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from learner.core.features import N_URL
from learner.core.labelled_pages import LabelledFileError, read_labelled

ROWS: list[dict[str, Any]] = [
    {"url": "casino.example/a", "labels": ["Gambling"], "title": "Roulette", "unknown_labels": ["Self Harm"]},
    {"url": "help.example", "labels": ["self_harm", "gambling"], "title": "Help", "unknown_labels": []},
    {"url": "news.example", "labels": [], "title": None, "unknown_labels": None},
]


def address(raw: str) -> tuple[str, str, str] | None:
    host = raw.partition("/")[0]
    return (f"https://{raw}", host, host) if "." in host else None


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_parquet_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "a.csv").write_text(
        "url,labels,title,unknown_labels\n"
        "casino.example/a,Gambling,Roulette,self harm\n"
        'help.example,"[""self-harm"", ""gambling""]",Help,none\n'
        "news.example,none,,\n"
    )

    found = [
        read_labelled(path, address=address)
        for path in (parquet(tmp_path / "a.parquet", ROWS), tmp_path / "a.jsonl", tmp_path / "a.csv")
    ]

    for pages in found:
        assert pages.categories == ("gambling", "self-harm")
        assert pages.truth.tolist() == [[1, -1], [1, 1], [0, 0]]
        np.testing.assert_array_equal(pages.features.indices, found[0].features.indices)
        np.testing.assert_array_equal(pages.contents != 0, [True, True, False])


def test_the_names_of_categories_stand_in_for_definitions(tmp_path: Path) -> None:
    pages = read_labelled(parquet(tmp_path / "a.parquet", ROWS), address=address)

    assert pages.definitions.shape[0] == 2
    assert pages.definitions[:, :N_URL].getnnz(axis=1).all()
    assert pages.definitions[:, N_URL:].getnnz(axis=1).all()


def test_rows_without_a_usable_or_a_new_address_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, {**ROWS[0], "labels": []}, {**ROWS[0], "url": "nonsense"}, {**ROWS[0], "url": None}]

    pages = read_labelled(parquet(tmp_path / "a.parquet", rows), address=address)

    assert (len(pages), pages.n_refused) == (3, 3)
    assert pages.truth[0].tolist() == [1, -1]


def test_another_column_can_hold_the_labels(tmp_path: Path) -> None:
    rows = [{"url": row["url"], "labels_gpt4": row["labels"]} for row in ROWS]

    pages = read_labelled(parquet(tmp_path / "a.parquet", rows), address=address, labels="labels_gpt4")

    assert pages.truth.tolist() == [[1, 0], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", r"a\.txt is no \.parquet, \.csv, \.jsonl; rename or convert it"),
        ("a.parquet", b"PAR1", r"a\.parquet cannot be read"),
        ("a.csv", b"", r"a\.csv cannot be read"),
        ("a.jsonl", b"{", r"a\.jsonl cannot be read"),
        ("a.csv", b"url,label\na.example,games\n", r'no column "labels"; it has url, label'),
        ("a.csv", b"labels\ngames\n", r'no column "url"; it has labels'),
        ("a.csv", b"url,labels\na.example,games\n", r'1 categories in "labels"; two are needed'),
        ("a.csv", b"url,labels\na.example,1\n", 'labels are lists, or text with . between them, not "1"'),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_with_a_sentence(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(LabelledFileError, match=message):
        read_labelled(tmp_path / name, address=address)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelledFileError, match=r"none\.csv cannot be read"):
        read_labelled(tmp_path / "none.csv", address=address)
