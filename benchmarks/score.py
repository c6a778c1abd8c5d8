"""How fast the version that serves answers, on one core: one address, and addresses in batches of 1,000.

    OMP_NUM_THREADS=1 python benchmarks/score.py [--categories 17] [--repeats 2000] [--json score.json]

A classifier is fitted here on made addresses, and packed as the product packs it. Measured is what a scoring request
costs between the parsed JSON and the finished answer, without the network, Django and the database: canonical spelling,
features, one sparse product, labels, action, and JSON. Throughput is in seconds of the processor, so that a busy
machine changes it less; milliseconds are told of both clocks.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import numpy as np

from annotator.pool.addresses import canonical
from learner.core.artifact import artifact_bytes, artifact_read, artifact_sha256
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from learner.monitoring.answering import answers_of
from learner.monitoring.rows import ROWS_MAX, asked_of

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


def answered(loaded: Any, pages: Sequence[str]) -> int:
    """The length of the answer to one request."""
    rows = asked_of({"pages": list(pages)}).rows
    answers = answers_of(loaded, rows, loaded.classifier.thresholds_, {"category-0": "block"})
    return len(json.dumps({"results": answers}))


def measured(n_categories: int, repeats: int) -> dict[str, Any]:
    """Milliseconds for one address, and addresses a second in batches."""
    rng = np.random.default_rng(7)
    loaded = loaded_made(n_categories, rng)
    pages = addresses_made(repeats + 20 * ROWS_MAX, rng)
    answered(loaded, pages[:ROWS_MAX])
    alone = np.array([_seconds(loaded, [page]) for page in pages[:repeats]])
    batches = [pages[repeats + at : repeats + at + ROWS_MAX] for at in range(0, 20 * ROWS_MAX, ROWS_MAX)]
    processor, wall = np.array([_seconds(loaded, batch) for batch in batches]).sum(axis=0).tolist()
    return {
        "categories": n_categories,
        "one_address_ms": {
            f"p{percent}": dict(zip(("processor", "wall"), _quantile(alone, percent / 100), strict=True))
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


def _seconds(loaded: Any, pages: Sequence[str]) -> tuple[float, float]:
    """Of the processor, and of the wall."""
    processor, wall = time.process_time(), time.perf_counter()
    answered(loaded, pages)
    return time.process_time() - processor, time.perf_counter() - wall


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--categories", type=int, default=17)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measured(given.categories, given.repeats)
    text = json.dumps(found, indent=2)
    sys.stdout.write(f"{text}\n")
    if given.json:
        given.json.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
