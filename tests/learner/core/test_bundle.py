"""The bundle scores as the product does, to the last bit, on thousands of hostile pages; it holds no pickle."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from learner.core.artifact import artifact_bytes, artifact_read, artifact_sha256
from learner.core.bundle.score import Scorer
from learner.core.bundle.writing import bundle_bytes
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from tests.learner.core.pages import CATEGORIES, make_pages

ODD = [
    "", " ", "\0", "a\0b", "0", "007", "٣٤", "İstanbul", "ΣΑΣ", "straße", "ﬁ", "e\u0301", "\ud800", "😀", "a_b",
    "xn--", "..", "://", "//", "/", "?", "#", "&", "=", "&&==", "%00", "%F0%9F", "a:b@c", "\u202e", "\u200d",
    "casino", "rifle7", "x" * 3000, "?a=1&b=2?c", "#?x", "a/b//c", "http://", "https://x.example",
    "poker/poker/poker", "²", "½", "_", "1_000",
]  # fmt: skip


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[LinearClassifier, Path, bytes]:
    pages = make_pages(300)
    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    artifact = artifact_bytes(classifier, {"number": 1})
    loaded = artifact_read(artifact, artifact_sha256(artifact))
    bundle = bundle_bytes(loaded, {"README.md": "card"}, {"number": 1})
    folder = tmp_path_factory.mktemp("bundle")
    zipfile.ZipFile(io.BytesIO(bundle)).extractall(folder)
    return loaded.classifier, folder, bundle


def hostile(n: int) -> list[PageText]:
    rng = np.random.default_rng(11)

    def text(least: int, most: int) -> str:
        parts = [ODD[at] for at in rng.integers(0, len(ODD), rng.integers(least, most))]
        letters = (
            "".join(map(chr, rng.integers(1, 0x2FFFF, rng.integers(0, 12))))
            .encode("utf-16", "ignore")
            .decode("utf-16")
        )
        return "".join(parts) + letters

    return [
        PageText(text(0, 9), text(0, 4), text(0, 3), text(0, 3), text(0, 3), text(0, 8)) for _ in range(n)
    ]


def logits_of(scorer: Scorer, pages: list[PageText]) -> np.ndarray:
    said = [(page.title, page.description, page.text) for page in pages]
    return np.array(
        [
            scorer.logits(page.url, page.host, page.registrable_domain, what)
            for page, what in zip(pages, said, strict=True)
        ]
    )


def test_thousands_of_hostile_pages_score_to_the_last_bit(
    fitted: tuple[LinearClassifier, Path, bytes],
) -> None:
    classifier, folder, _ = fitted
    pages = hostile(4_000) + make_pages(300, seed=5).pages
    scorer = Scorer(folder)

    ours, theirs = classifier.decision(featurise(pages)), logits_of(scorer, pages)

    assert np.array_equal(ours, theirs)
    said = classifier.predict(featurise(pages))
    assert [scorer.labels(row) for row in theirs] == [
        [CATEGORIES[at] for at in np.flatnonzero(row)] for row in said
    ]
    assert said.any(axis=0).all()


def test_a_long_text_is_cut_where_the_product_cuts_it(fitted: tuple[LinearClassifier, Path, bytes]) -> None:
    classifier, folder, _ = fitted
    pages = [
        PageText("", "", "", "t", "d", f"{'wager ' * n}{'rifle ' * 4000}")
        for n in (0, 1990, 1999, 2000, 5000)
    ]

    assert np.array_equal(classifier.decision(featurise(pages)), logits_of(Scorer(folder), pages))


def test_it_runs_alone_with_numpy_and_nothing_of_ours(fitted: tuple[LinearClassifier, Path, bytes]) -> None:
    _, folder, _ = fitted
    blocked = (
        "import sys; sys.modules.update(dict.fromkeys(['django','sklearn','scipy','learner','annotator']));"
    )
    code = f"{blocked} sys.argv = ['score.py', 'https://poker.example/casino', 'poker.example', 'poker.example'];"
    run = f"{code} import runpy; runpy.run_path('score.py', run_name='__main__')"

    done = subprocess.run([sys.executable, "-c", run], cwd=folder, capture_output=True, text=True, check=True)

    assert set(json.loads(done.stdout)) == {"labels", "logits"}


def test_equal_classifiers_give_equal_bytes_and_every_file_has_its_hash(
    fitted: tuple[LinearClassifier, Path, bytes],
) -> None:
    classifier, folder, bundle = fitted
    artifact = artifact_bytes(classifier, {"number": 1})
    again = bundle_bytes(
        artifact_read(artifact, artifact_sha256(artifact)), {"README.md": "card"}, {"number": 1}
    )

    manifest = json.loads((folder / "manifest.json").read_text())
    assert again == bundle
    assert set(manifest["files"]) == {"README.md", "classifier.json", "score.py", "weights.npz"}
    assert b"pickle" not in (folder / "weights.npz").read_bytes()
    with pytest.raises(ValueError, match="allow_pickle=False"):
        np.load(io.BytesIO(_pickled()), allow_pickle=False)


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([object()]), allow_pickle=True)
    return buffer.getvalue()
