"""All tables of one state of a project in a folder, and the manifest that says what they are."""

import hashlib
import json
import tomllib
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from django.conf import settings

from annotator.errors import BadInput
from annotator.projects.models import Project
from learner.client.manifest import content_sha256
from learner.snapshots.aligned import HASH
from learner.snapshots.content import Choice, Pseudonyms
from learner.snapshots.erased import erased_read
from learner.snapshots.facts import (
    AGREEMENT_SEED,
    Frozen,
    items_count,
    judgments_count,
    mapping_facts,
)
from learner.snapshots.files import TABLES, file_facts
from learner.snapshots.formats import format_write
from learner.snapshots.frozen import (
    COUNTS,
    LAST,
    Totals,
    Versions,
    frozen_states,
    parameters_of,
    run,
    versions_then,
)
from learner.snapshots.held import FEW
from learner.snapshots.lanes import Lanes, Tell, held_found
from learner.snapshots.parquet import Reading
from learner.snapshots.parts import Parts
from learner.snapshots.sections.selectors import card_written
from learner.snapshots.splitting import VALIDATION_SHARE, Splits
from learner.snapshots.tables import Pseudonymous, key_of_state

FORMAT: Final = "crossguard-snapshot-2"
NEAR_DUPLICATE_SEED: Final = 20_260_101  # of annotator.pool.minhash


@dataclass(frozen=True)
class Written:
    """What was written for one choice: the facts of it, and the size and hash of each file of the tables."""

    choice: Choice
    frozen: Frozen
    splits: Splits
    files: dict[str, dict[str, int | str]]

    @property
    def manifest(self) -> dict[str, Any]:
        """What the manifest says of the content; the number, the parent and the card are the publisher's to add."""
        frozen, choice = self.frozen, self.choice
        found: dict[str, Any] = {
            "format": FORMAT,
            "project": frozen.project.slug,
            "state_as_of": frozen.totals.state_as_of,
            "n_items": frozen.items.n_items,
            "n_judgments": frozen.judgments.n_judgments,
            "n_left_out": frozen.totals.n_left_out,
            "n_withheld": frozen.totals.n_withheld,
            "n_erased": frozen.n_erased,
            "versions": {
                "taxonomy": frozen.taxonomy.version.number,
                "guideline": frozen.versions.guideline.version.number,
                "card": sum(row.number for row in frozen.written),
            },
            "categories": list(frozen.taxonomy.slugs),
            "mapping": [asdict(row) for row in mapping_facts(frozen)],
            "filter": choice.content.as_json(),
            "formats": sorted(choice.formats),
            "pseudonyms": choice.pseudonyms,
            "splits": splits_facts(self.splits),
            "agreement": agreement_facts(frozen),
            "seeds": {"agreement": AGREEMENT_SEED, "near_duplicates": NEAR_DUPLICATE_SEED},
            "code": {"crossguard": code_version(), "pyarrow": pa.__version__},
            "tables": {f"{name}.parquet": self.files[f"{name}.parquet"]["sha256"] for name in TABLES},
        }
        return found | {"content_sha256": content_sha256(found)}


def tables_freeze(
    project: Project, choice: Choice, folder: Path, tell: Tell, parts: Parts | None = None
) -> Written:
    """Write the tables of `project` as `choice` wants them, read while labelling goes on.

    Each table that is whole goes to `parts`; what is there already, of the same state, is not written again.
    Raises BadInput when nothing fits the choice, or there was no taxonomy or guideline yet at its moment.
    """
    tell("finding the items", {})
    with frozen_states() as (first, second):
        versions = versions_then(first, project, choice.as_of)
        if versions is None:
            raise BadInput(
                "At that moment the project had no taxonomy or no guideline yet. Name a later one."
            )
        values = parameters_of(first, project, choice.content, choice.as_of, versions.taxonomy)
        held = held_found((first, second), values, project, versions.taxonomy, tell)
        if not held.n_items:
            raise BadInput("No resolved item fits, so the snapshot would be empty. Leave less out.")
        last = run(first, LAST, values)[0][0]
        totals = Totals(held.n_items, held.n_left_out, held.n_withheld, last)
        n_erased = erased_read(first, project.pk)
        reading = Reading(first, project, versions.taxonomy, values, held, Future())
        known = parts.fetched(_fingerprint(reading, versions, choice), folder) if parts else {}
        lanes = Lanes(reading, second, folder, known, parts.orders if parts else {})
        splits, answers = lanes.run(
            _names(project, choice, totals), tell, parts.keep if parts else _keep_nothing
        )
    tell("counting", lanes.progress)
    frozen = Frozen(
        project=project,
        versions=versions,
        totals=totals,
        items=items_count(folder / "items.parquet", versions.taxonomy),
        judgments=judgments_count(answers, project, versions.taxonomy),
        written=card_written(project, as_of=choice.as_of),
        n_erased=n_erased,
    )
    written = dict(lanes.files)
    for kind in choice.formats:
        tell(f"writing {kind}", lanes.progress)
        for name in TABLES:
            path = format_write(folder / f"{name}.parquet", kind)
            written[path.name] = file_facts(path)
    return Written(choice, frozen, splits, dict(sorted(written.items())))


def splits_facts(splits: Splits) -> dict[str, Any]:
    """What the manifest says of the splits."""
    return {
        "n": splits.n_by_split,
        "validation_share": VALIDATION_SHARE,
        "n_groups": splits.n_groups,
        "largest_group": splits.largest_group,
        "n_inherited": splits.cut.n_inherited,
        "n_conflicts": splits.cut.n_conflicts,
        "leakage": asdict(splits.leakage),
    }


def agreement_facts(frozen: Frozen) -> dict[str, dict[str, float | int | None]]:
    """Alpha and percent agreement of each category."""
    return {
        slug: {
            "alpha": measured.alpha.value,
            "alpha_low": measured.alpha.low,
            "alpha_high": measured.alpha.high,
            "percent": measured.percent.value,
            "n_items": measured.alpha.n_items,
        }
        for slug, measured in zip(frozen.taxonomy.slugs, frozen.judgments.agreement, strict=True)
    }


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version of Crossguard that runs."""
    try:
        return version("crossguard")
    except PackageNotFoundError:  # run from a checkout
        project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


def _fingerprint(reading: Reading, versions: Versions, choice: Choice) -> str:
    """One text for all that tables are read from and written by: equal ones give equal tables."""
    held = reading.held
    found = hashlib.sha256(held.ids.tobytes())
    for name in FEW:
        codes, texts = held.coded(name)
        rank = {text: place for place, text in enumerate(sorted(texts))}
        found.update(np.array([rank[text] for text in texts], dtype=np.int32)[codes].tobytes())
        found.update(json.dumps(sorted(texts)).encode())
    state = [row for row, *_ in run(reading.state, COUNTS, reading.values)]
    numbers = [versions.taxonomy.version.pk, versions.guideline.version.pk, choice.content.as_json()]
    said = [FORMAT, code_version(), pa.__version__, str(reading.values["as_of"]), choice.pseudonyms]
    found.update(json.dumps([state, numbers, said]).encode())
    return found.hexdigest()[:-HASH]


def _keep_nothing(_path: Path, _facts: dict[str, int | str], _order: str) -> None:
    """For a folder that nobody comes back to."""


def _names(project: Project, choice: Choice, totals: Totals) -> Pseudonymous:
    if choice.pseudonyms == Pseudonyms.STABLE:
        return Pseudonymous(project.holdout_salt.encode())
    return Pseudonymous(key_of_state(project, f"{totals.last} {choice.content.as_json()}"))
