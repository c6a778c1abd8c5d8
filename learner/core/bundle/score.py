"""The reference scorer: Python and NumPy alone. `python score.py URL HOST DOMAIN`, beside the files of the bundle.

URL, host and registrable domain are canonical: lower case, punycode, no default port, no fragment.
"""

import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

_WORD, _DIGITS = re.compile(r"[^\W_]+"), re.compile(r"\d+")


class Scorer:
    """A classifier read from a bundle; `logits` scores one page, `labels` says what reaches its threshold."""

    def __init__(self, folder: Path) -> None:
        self.about = json.loads((folder / "classifier.json").read_text("utf-8"))
        self.recipe, parts = self.about["recipe"], np.load(folder / "weights.npz", allow_pickle=False)
        self.weights, self.bias, self.thresholds = parts["weights"], parts["bias"], parts["thresholds"]
        self.row_of = {column: row for row, column in enumerate(parts["columns"].tolist())}

    def logits(
        self, url: str, host: str, domain: str, said: tuple[str, str, str] = ("", "", "")
    ) -> "np.ndarray":
        """Logits of the probabilities 1 / (1 + exp(-logit)), float32; `said` is title, description and text."""
        size, most = self.recipe["block_columns"], self.recipe["max_characters"]
        url, host, domain, title, description, text = (
            part.replace("\0", " ") for part in (url, host, domain, *said)
        )
        text = f"{title}\n{description}\n{text[:most]}"[:most]
        total = np.zeros(len(self.bias), dtype=np.float32)
        for start, hashes in ((0, self._of_url(url, host, domain)), (size, self._of_text(text))):
            counts = Counter(value >> (65 - size.bit_length()) for value in hashes)
            columns = sorted(counts)
            values = 1 + np.log(np.array([counts[column] for column in columns], dtype=np.int64))
            values = (values / np.sqrt(sum((values * values).tolist()) or 1.0)).astype(np.float32)
            for column, value in zip(columns, values, strict=True):
                if start + column in self.row_of:
                    total += value * self.weights[self.row_of[start + column]]
        logits: np.ndarray = total + self.bias
        return logits

    def labels(self, logits: "np.ndarray") -> list[str]:
        """The categories that are present."""
        return [
            row["slug"]
            for row, said in zip(self.about["categories"], logits >= self.thresholds, strict=True)
            if said
        ]

    def _of_url(self, url: str, host: str, domain: str) -> list[int]:
        salts, (domain, host) = self.recipe["salts"], (_plain(domain), _plain(host))
        address, _, query = url[: self.recipe["max_url"]].lower().partition("#")[0].partition("?")
        path = _WORD.findall(_DIGITS.sub("0", address.partition("://")[2].partition("/")[2]))
        keys = [_DIGITS.sub("0", part.partition("=")[0]) for part in re.split("[&?]", query)]
        found = [(domain, "domain")] if domain else []
        found += [(word, "host") for word in _WORD.findall(host)] + [(word, "path") for word in path]
        hashes = [self._salted(self._hash(word), salts[kind]) for word, kind in found]
        hashes += [self._salted(self._hash(key), salts["query"]) for key in keys if key]
        pairs = [(self._hash(one), self._hash(other)) for one, other in pairwise(path)]
        hashes += [
            self._salted(one * self.recipe["base"] + (other ^ other >> 32), salts["pair"])
            for one, other in pairs
        ]
        for n, salt in self.recipe["grams"]:
            marked = [f"\0{word}\0" for word in [*_WORD.findall(host), *path]]
            grams = [word[at : at + n] for word in marked for at in range(len(word) - n + 1)]
            hashes += [self._salted(self._hash(gram), salt) for gram in grams]
        return hashes

    def _of_text(self, text: str) -> list[int]:
        words, stem = _WORD.findall(text.lower())[: self.recipe["max_words"]], self.recipe["stem"]
        hashes = [self._salted(self._hash(word), self.recipe["salts"]["word"]) for word in words]
        long = [word[:stem] for word in words if len(word) > stem]
        return hashes + [self._salted(self._hash(word), self.recipe["salts"]["stem"]) for word in long]

    def _hash(self, word: str) -> int:
        value = 0
        for letter in reversed(word):
            value = (value * self.recipe["base"] + ord(letter)) % 2**64
        return value

    def _salted(self, value: int, salt: int) -> int:
        value = (value + salt) % 2**64
        for _ in range(2):
            value = (value ^ value >> 32) * self.recipe["mix"] % 2**64
        return value


def _plain(text: str) -> str:
    return _DIGITS.sub("0", text.lower())


if __name__ == "__main__":
    scorer = Scorer(Path(__file__).parent)
    found = scorer.logits(sys.argv[1], sys.argv[2], sys.argv[3])
    sys.stdout.write(
        json.dumps({"labels": scorer.labels(found), "logits": [round(float(one), 4) for one in found]}) + "\n"
    )
