"""How fast pages become features, on one core, beside scikit-learn's hashers in the same run.

    python benchmarks/features.py [--data DIR] [--json features.json]

Four sets: addresses made here with a path and a query (about 70 columns each), texts made here, and, with --data,
the bare addresses of `urls_multilabel.parquet` and the pages of `pages_text.parquet`. For each:

- ours: `featurise`, from pages to the finished sparse matrix;
- FeatureHasher, ready tokens: scikit-learn hashes lists of tokens that were cut before the clock was started, the
  least that any use of it costs;
- FeatureHasher, HashingVectorizer: the same with the tokens cut in Python within the measured time.

Every way makes the same tokens. Seconds are of the processor, not of the wall. The best
of --repeats runs counts, for each way in turn.
"""

import argparse
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow.parquet as pq
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer

from learner.core.features import N_URL, PageText, featurise
from tests.learner.core.plain_tokens import text_tokens, url_tokens

SYLLABLES: Final = re.findall("..", "bacadefigohujakelimonupaquerisotuvewaxiyozesterlingburgtonshop")
TARGET_URLS: Final = 100_000
TARGET_TEXT_RATIO: Final = 2.0


def made_addresses(n: int, rng: np.random.Generator) -> list[PageText]:
    """Addresses of 20 to 100 letters: a host of some words, up to four words of path, sometimes a query."""
    words = ["".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(20_000)]
    drawn = iter(rng.choice(words, size=(n, 14)).tolist())
    lengths = rng.integers(0, 5, n)
    pages = []
    for own, length in zip(drawn, lengths.tolist(), strict=True):
        domain = f"{own[0]}{own[1]}.example"
        host = f"{own[2]}-{own[3]}{own[4]}.{domain}"
        query = f"?{own[5]}=1&page=2" if length > 3 else ""
        pages.append(
            PageText(f"https://{host}/{'/'.join(own[6 : 6 + length])}{query}", host, domain, "", "", "")
        )
    return pages


def made_texts(n: int, rng: np.random.Generator) -> list[PageText]:
    """Texts of 150 words, drawn by Zipf's law."""
    words = ["".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(20_000)]
    drawn = np.minimum(rng.zipf(1.3, size=(n, 150)), len(words)) - 1
    return [PageText("", "", "", "", "", " ".join(words[word] for word in row)) for row in drawn.tolist()]


def real_addresses(data: Path) -> list[PageText]:
    """The bare addresses of a file with `url` and `regdomain`."""
    table = pq.read_table(data / "urls_multilabel.parquet", columns=["url", "regdomain"]).to_pylist()
    return [
        PageText(f"https://{row['url']}", row["url"].partition("/")[0], row["regdomain"], "", "", "")
        for row in table
    ]


def real_texts(data: Path) -> list[PageText]:
    """Title and text of the pages of a file, without their addresses."""
    table = pq.read_table(data / "pages_text.parquet", columns=["title", "text"]).to_pylist()
    return [PageText("", "", "", row["title"] or "", "", row["text"] or "") for row in table]


def best_seconds(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The least seconds of each way, taken in turn."""
    found = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.process_time()
            way()
            found[name] = min(found[name], time.process_time() - start)
    return found


def measured(
    pages: Sequence[PageText], tokens: Callable[[PageText], list[str]], repeats: int
) -> dict[str, Any]:
    """Pages a second of each way, and the ratios of ours to them."""
    ready = [tokens(page) for page in pages]
    hasher = FeatureHasher(N_URL, input_type="string", dtype=np.float32, alternate_sign=False)
    vectorizer = HashingVectorizer(
        n_features=N_URL, analyzer=tokens, dtype=np.float32, alternate_sign=False, norm="l2"
    )
    featurise(pages[:1000])
    seconds = best_seconds(
        {
            "ours": lambda: featurise(pages),
            "FeatureHasher, ready tokens": lambda: hasher.transform(ready),
            "FeatureHasher": lambda: hasher.transform(tokens(page) for page in pages),
            "HashingVectorizer": lambda: vectorizer.transform(pages),
        },
        repeats,
    )
    return {
        "items": len(pages),
        "columns_an_item": featurise(pages).nnz / len(pages),
        "tokens_an_item": sum(map(len, ready)) / len(pages),
        "items_a_second": {name: len(pages) / taken for name, taken in seconds.items()},
        "ours_is_faster_by": {name: taken / seconds["ours"] for name, taken in seconds.items()},
    }


def main() -> None:
    """Make, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--urls", type=int, default=100_000)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    sets = {
        "addresses, made": (made_addresses(options.urls, rng), url_tokens),
        "texts, made": (made_texts(options.urls // 10, rng), text_tokens),
    }
    if options.data:
        sets["addresses, real"] = (real_addresses(options.data), url_tokens)
        sets["texts, real"] = (real_texts(options.data), text_tokens)
    print(f"{platform.processor() or platform.machine()}, one core, load {os.getloadavg()[0]:.1f}")
    result = {}
    for name, (pages, tokens) in sets.items():
        row = result[name] = measured(pages, tokens, options.repeats)
        print(f"\n{name}: {row['items']:,} items, {row['columns_an_item']:.0f} columns each")
        for way, rate in row["items_a_second"].items():
            print(
                f"  {way:28} {rate:12,.0f} a second   {row['ours_is_faster_by'][way]:6.2f} x the time of ours"
            )
    print(
        f"\ntargets: {TARGET_URLS:,} addresses a second; texts at {1 / TARGET_TEXT_RATIO:g} x the fastest or more"
    )
    if options.json:
        options.json.write_text(json.dumps({"load": os.getloadavg()[0], "sets": result}, indent=1))


if __name__ == "__main__":
    main()
