"""How fast the version that serves answers, on one core: one address, and addresses in batches of 1,000.

    OMP_NUM_THREADS=1 python benchmarks/score.py [--categories 17] [--repeats 2000] [--experiment 10] [--json F]

A classifier is fitted here on made addresses, and packed as the product packs it. Measured is what a scoring request
costs between the parsed JSON and the finished answer, without the network, Django and the database: canonical spelling,
features, one sparse product, labels, action, and JSON; the collector of garbage is set as in a web process. With
`--experiment` a second version answers so many of a hundred sites, one address in twenty is scored by both, and
everything is counted as the product counts it. Throughput is in seconds of the processor, so that a busy machine
changes it less; milliseconds are told of both clocks.
"""

import argparse
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import django
import numpy as np

from annotator.pool.addresses import canonical
from learner.core.artifact import artifact_bytes, artifact_read, artifact_sha256
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from learner.monitoring.answering import Ruled, answers_of
from learner.monitoring.rows import ROWS_MAX, Asked, asked_of

Answering = Callable[[Asked], list[dict[str, Any]]]
ACTIONS: Final = {"category-0": "block"}

COLLECTED_AFTER: Final = (20_000, 20, 20)  # as in annotator/wsgi.py
TARGET_MS: Final = 20.0
TARGET_PER_SECOND: Final = 20_000
SYLLABLES: Final = (
    "ba",
    "ca",
    "di",
    "fe",
    "ga",
    "hu",
    "ja",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "qu",
    "ri",
    "so",
    "tu",
    "town",
    "shop",
)


def addresses_made(n: int, rng: np.random.Generator) -> list[str]:
    """Addresses of 20 to 100 letters, each of a site of its own."""
    words = ["".join(rng.choice(SYLLABLES, rng.integers(2, 5))) for _ in range(5_000)]
    drawn = rng.choice(words, size=(n, 6)).tolist()
    lengths = rng.integers(0, 5, n).tolist()
    return [
        f"https://www.{own[0]}{own[1]}.com/{'/'.join(own[2 : 2 + length])}"
        for own, length in zip(drawn, lengths, strict=True)
    ]


def loaded_made(n_categories: int, rng: np.random.Generator) -> Any:
    """A classifier of addresses, written and read as the product does."""
    pages = [PageText(*canonical(url), "", "", "") for url in addresses_made(1_000, rng)]
    truth = (rng.random((len(pages), n_categories)) < 0.2).astype(np.int8)
    names = [f"category-{at}" for at in range(n_categories)]
    artifact = artifact_bytes(LinearClassifier(names, C=1.0).fit(featurise(pages), truth), {})
    return artifact_read(artifact, artifact_sha256(artifact))


def alone(loaded: Any) -> Answering:
    """One version answers everything."""

    def answering(asked: Asked) -> list[dict[str, Any]]:
        return answers_of(loaded, asked.rows, loaded.classifier.thresholds_, ACTIONS)

    return answering


def beside(base: Any, candidate: Any, share: int) -> Answering:
    """A candidate answers its share of the sites; counts stay in memory, where requests leave them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    django.setup()
    from learner.monitoring.experiments.answering import Arms, answered_in_arms
    from learner.monitoring.models import Experiment
    from learner.training.models import ClassifierVersion

    first, second = (
        Ruled(number, one, one.classifier.thresholds_, ACTIONS)
        for number, one in enumerate((base, candidate), start=1)
    )
    row = Experiment(pk=1, number=1, share=share, shadow=False, keeps_pages=True)
    row.candidate = ClassifierVersion(number=2)
    arms = Arms(row, first, second, 1)

    def answering(asked: Asked) -> list[dict[str, Any]]:
        return answered_in_arms(asked, arms)

    return answering


def answered(answering: Answering, pages: Sequence[str]) -> int:
    """The length of the answer to one request."""
    return len(json.dumps({"results": answering(asked_of({"pages": list(pages)}))}))


def measured(n_categories: int, repeats: int, share: int | None) -> dict[str, Any]:
    """Milliseconds for one address, and addresses a second in batches."""
    rng = np.random.default_rng(7)
    base = loaded_made(n_categories, rng)
    loaded = alone(base) if share is None else beside(base, loaded_made(n_categories, rng), share)
    pages = addresses_made(repeats + 20 * ROWS_MAX, rng)
    answered(loaded, pages[:ROWS_MAX])
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    single = np.array([_seconds(loaded, [page]) for page in pages[:repeats]])
    batches = [pages[repeats + at : repeats + at + ROWS_MAX] for at in range(0, 20 * ROWS_MAX, ROWS_MAX)]
    processor, wall = np.array([_seconds(loaded, batch) for batch in batches]).sum(axis=0).tolist()
    return {
        "categories": n_categories,
        "experiment_share": share,
        "one_address_ms": {
            f"p{percent}": dict(zip(("processor", "wall"), _quantile(single, percent / 100), strict=True))
            for percent in (50, 99)
        },
        "per_second": {
            "processor": round(len(batches) * ROWS_MAX / processor),
            "wall": round(len(batches) * ROWS_MAX / wall),
        },
        "targets": {"p99_ms": TARGET_MS, "per_second": TARGET_PER_SECOND},
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
        },
    }


def _quantile(seconds: Any, q: float) -> list[float]:
    """Milliseconds by each clock."""
    found: list[float] = (1000 * np.quantile(seconds, q, axis=0)).round(2).tolist()
    return found


def _seconds(answering: Answering, pages: Sequence[str]) -> tuple[float, float]:
    """Of the processor, and of the wall."""
    processor, wall = time.process_time(), time.perf_counter()
    answered(answering, pages)
    return time.process_time() - processor, time.perf_counter() - wall


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--categories", type=int, default=17)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--experiment", type=int, help="Of a hundred sites, so many are the candidate's.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measured(given.categories, given.repeats, given.experiment)
    text = json.dumps(found, indent=2)
    sys.stdout.write(f"{text}\n")
    if given.json:
        given.json.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
