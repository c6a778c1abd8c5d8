"""`manage.py simulate`: how many labels each query strategy needs, on a file whose labels are known."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.pool.addresses import AddressRefused, canonical
from annotator.projects.models import default_shares
from learner.core.candidates import AUDIT, StreamPlan
from learner.core.comparison import RANDOM, SHARES, Report, reports_of
from learner.core.efficiency import Measured, Scores
from learner.core.efficiency_plot import plot_of
from learner.core.efficiency_table import table_of
from learner.core.labelled_pages import LabelledFileError, LabelledPages, read_labelled
from learner.core.simulation import (
    DEFAULT,
    Chooser,
    Schedule,
    Step,
    choosers,
    full_scores,
    part_of_sites,
    replay,
    world_of,
)

COLUMNS = (
    ("macro AP", "macro_ap"),
    ("macro-F1", "macro_f1"),
    ("rare recall", "rare_recall"),
    ("rare found", "found"),
)


class Command(BaseCommand):
    help = (
        "Replay labelling on a file of pages with known labels, and say how good the classifier is after how many "
        "labels under each query strategy. Needs no database. Sites are never on both sides of the test."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(choosers(default_shares()))
        parser.add_argument("--data", type=Path, required=True, help="Parquet, CSV or JSON Lines")
        parser.add_argument(
            "--labels", default="labels", metavar="COLUMN", help="the column of labels (labels)"
        )
        parser.add_argument(
            "--strategy", default=f"{DEFAULT},{RANDOM}", help=f"comma-separated: {names}, or all"
        )
        parser.add_argument(
            "--seed-labels", type=int, default=0, help="drawn at random first, for all alike (0)"
        )
        parser.add_argument("--batch", type=int, default=100, help="labels between two fits (100)")
        parser.add_argument("--budget", type=int, default=2000, help="labels in all (2000)")
        parser.add_argument(
            "--seeds", type=int, default=5, help="repetitions, each with its own cut of the sites (5)"
        )
        parser.add_argument("--limit", type=int, help="use about so many pages: whole sites, drawn by a hash")
        parser.add_argument(
            "--shares", metavar="STREAM=SHARE,...", help="of default: query, rare, explore (a new project's)"
        )
        parser.add_argument("--json", type=Path, metavar="OUT", help="write all numbers here")
        parser.add_argument("--plot", type=Path, metavar="OUT.svg", help="draw the curves here")
        parser.add_argument("--table", type=Path, metavar="OUT.md", help="write tables in Markdown here")

    def handle(self, *_: Any, **options: Any) -> None:
        shares = _shares(options["shares"])
        chosen = self._chosen(options["strategy"], shares)
        schedule = self._schedule(options)
        self._check_outputs(options["json"], options["plot"], options["table"])
        pages = self._pages(options)
        try:
            runs, full = self._replay(pages, chosen, schedule, options["seeds"])
        except ValueError as error:
            raise CommandError(f"{error}.") from error
        reports = reports_of(runs, full)
        self._show(reports)
        if options["json"]:
            facts = _facts(pages, schedule, options, shares, full)
            text = json.dumps({**facts, "reports": [asdict(report) for report in reports]}, indent=1)
            _write(options["json"], text + "\n")
        if options["plot"]:
            title = f"{options['data'].stem}: {options['seeds']} seeds, batches of {schedule.batch}"
            _write(options["plot"], plot_of(reports, title))
        if options["table"]:
            _write(options["table"], table_of(reports))

    def _chosen(self, names: str, shares: dict[str, float]) -> dict[str, Chooser]:
        known = choosers(shares)
        wanted = (
            list(known) if names == "all" else [name.strip() for name in names.split(",") if name.strip()]
        )
        unknown = [name for name in wanted if name not in known]
        if unknown or not wanted:
            wrong = f'There is no strategy "{unknown[0]}"' if unknown else "No strategy is named"
            raise CommandError(f"{wrong}. Choose from {', '.join(known)}, or all.")
        return {name: known[name] for name in dict.fromkeys(wanted)}

    def _schedule(self, options: dict[str, Any]) -> Schedule:
        if options["seeds"] < 1:
            raise CommandError(f"{options['seeds']} seeds are impossible; give at least 1.")
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError(f"A limit of {options['limit']} pages is impossible; give at least 1.")
        try:
            return Schedule(options["seed_labels"], options["batch"], options["budget"])
        except ValueError as error:
            raise CommandError(f"{error}.") from error

    def _check_outputs(self, *paths: Path | None) -> None:
        """Before hours of work: somewhere to write to."""
        for path in paths:
            if path is not None and (not path.parent.is_dir() or path.is_dir()):
                raise CommandError(f"{path} cannot be written: give a file in a folder that exists.")

    def _pages(self, options: dict[str, Any]) -> LabelledPages:
        self._say(f"Reading {options['data']}")
        try:
            pages = read_labelled(options["data"], address=_address, labels=options["labels"])
        except LabelledFileError as error:
            raise CommandError(f"{error}.") from error
        if options["limit"]:
            pages = part_of_sites(pages, options["limit"])
        self._say(
            f"{len(pages):,} pages, {len(pages.categories)} categories, {pages.n_refused:,} rows left out"
        )
        return pages

    def _replay(
        self, pages: LabelledPages, chosen: dict[str, Chooser], schedule: Schedule, seeds: int
    ) -> tuple[dict[str, list[list[Step]]], list[Scores]]:
        runs: dict[str, list[list[Step]]] = {name: [] for name in chosen}
        full = []
        for seed in range(seeds):
            world = world_of(pages, seed)
            full.append(full_scores(world, seed=seed))
            what = f"macro AP {full[-1].macro_ap:.3f}, macro-F1 {full[-1].macro_f1:.3f}"
            self._say(f"Seed {seed + 1} of {seeds}: all {len(world.pool):,} labels give {what}")
            for name, choose in chosen.items():
                started = time.monotonic()
                steps = replay(world, choose, schedule, seed=seed, on_step=self._progress(name, schedule))
                runs[name].append(steps)
                last = f"{steps[-1].labels:,} labels, macro AP {steps[-1].scores.macro_ap:.3f}"
                self._say(f"\r  {name}: {last}, {time.monotonic() - started:.0f} s")
        return runs, full

    def _progress(self, name: str, schedule: Schedule) -> Any:
        def show(step: Step) -> None:
            if sys.stderr.isatty():
                self.stderr.write(f"\r  {name}: {step.labels:,} of {schedule.budget:,} labels ", ending="")
                self.stderr.flush()

        return show

    def _say(self, words: str) -> None:
        self.stderr.write(words)

    def _show(self, reports: Sequence[Report]) -> None:
        """What counts, on standard output: the mean height of each curve, and labels to a share of the full score."""
        for report in reports:
            self.stdout.write(f"{report.strategy}, {report.labels[-1]:,} labels")
            for name, measure in COLUMNS:
                curve = report.curves[measure]
                line = (
                    f"  {name}: mean over labels {_words(curve.area)}, in the end {_words(curve.values[-1])}"
                )
                if curve.against_random and report.strategy != RANDOM:
                    line += f"; against random {_words(curve.area_against_random)}"
                if curve.area_against_default.n and report.strategy != DEFAULT:
                    line += f"; against default {_words(curve.area_against_default)}"
                self.stdout.write(line)
            for reached in report.curves["macro_f1"].reached:
                self.stdout.write(
                    f"  {_reached(reached.share, reached.labels, reached.reached, reached.seeds)}"
                )


def _shares(text: str | None) -> dict[str, float]:
    """The mix of `default`: a new project's, or `query=0.3,rare=0.4,explore=0.3`."""
    if text is None:
        return default_shares()
    try:
        shares = {name.strip(): float(share) for name, share in (part.split("=") for part in text.split(","))}
        if not all(map(isfinite, shares.values())):
            raise ValueError("a share is a number")
        StreamPlan(1, shares, seed=0)
    except ValueError as error:
        raise CommandError(f'"{text}" is no mix ({error}); write query=0.3,rare=0.4,explore=0.3.') from error
    if set(shares) <= {AUDIT}:
        raise CommandError(f'"{text}" is of audits alone, which never train; give query, rare or explore.')
    return shares


def _address(raw: str) -> tuple[str, str, str] | None:
    try:
        address = canonical(raw)
    except AddressRefused:
        return None
    return address.url, address.host, address.registrable_domain


def _facts(
    pages: LabelledPages,
    schedule: Schedule,
    options: dict[str, Any],
    shares: dict[str, float],
    full: Sequence[Scores],
) -> dict[str, object]:
    return {
        "data": options["data"].name,
        "pages": len(pages),
        "left_out": pages.n_refused,
        "positives": dict(zip(pages.categories, (pages.truth == 1).sum(axis=0).tolist(), strict=True)),
        "schedule": asdict(schedule),
        "seeds": options["seeds"],
        "shares": shares,
        "shares_of_full": SHARES,
        "full": [asdict(scores) for scores in full],
    }


def _reached(share: float, labels: Measured, reached: int, seeds: int) -> str:
    what = f"{share:.0%} of the full macro-F1"
    if labels.mean is None:
        return f"{what}: not reached within the budget"
    some = "" if reached == seeds else f" in {reached} of {seeds} seeds, not in the others"
    return f"{what}: {_words(labels, digits=0)} labels{some}"


def _words(measured: Measured, digits: int | None = None) -> str:
    if measured.mean is None:
        return "not measured"
    places = digits if digits is not None else 3 if abs(measured.mean) <= 1 else 0
    value = f"{measured.mean:,.{places}f}"
    if measured.low is None or measured.high is None:
        return value
    return f"{value} [{measured.low:,.{places}f}, {measured.high:,.{places}f}]"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
