"""The tables that the benchmark of the loop prints."""

from typing import Any


def report(result: dict[str, Any]) -> None:
    """Print batches, classifier versions, people and promises."""
    print(f"{result['machine']}; {result['items']:,} items ({result['refused']} rows refused), ", end="")
    print(f"{result['categories']} categories, {result['seconds']} s of labelling")
    print(f"first batch open {result['seconds_to_first_batch']} s after the ingest\n")
    _batches(result["batches"])
    _versions(result["versions"])
    _categories(result["versions"])
    for kind, seconds in result["runs"].items():
        print(f"{kind}: {len(seconds)}, slowest {max(seconds, default=0):.1f} s")
    for name, value in result["people"].items():
        print(f"{name}: {value}")
    print("\npromises, times broken:")
    for name, count in result["broken_promises"].items():
        print(f"  {count:4}  {name}")


def _batches(rows: list[dict[str, Any]]) -> None:
    """One line a batch. Open after: negative where the next batch was open before this one was worked off."""
    print("batch  items  chosen by    labels used  judgments  next open after  wait")
    for row in rows:
        after = row["seconds_to_next"]
        print(
            f"{row['batch']:5}  {row['items']:5}  {_chosen_by(row):11}  {row['labels_used']:11}  {row['judgments']:9}  "
            f"{'not worked off' if after is None else f'{after:+.1f} s':>15}  {row['wait_seconds']:.1f} s"
        )
    print()


def _chosen_by(row: dict[str, Any]) -> str:
    if row["fallback"]:
        return "fallback"
    return f"v{row['classifier']}" if row["classifier"] else "definitions"


def _versions(rows: list[dict[str, Any]]) -> None:
    print("version  labels used  learned  fit       macro-F1 on holdout     micro-F1")
    for row in rows:
        value, low, high = row["macro_f1"]
        print(
            f"v{row['version']:<6}  {row['labels_used']:11}  {row['learned']:7}  {row['seconds']:4.1f} s  "
            f"  {_share(value)} [{_share(low)}, {_share(high)}]  {_share(row['micro_f1'][0]):>8}"
        )
    if rows:
        print(
            f"n = {rows[-1]['n_holdout']} holdout items, {rows[-1]['n_categories']} categories with a defined F1\n"
        )


def _categories(rows: list[dict[str, Any]]) -> None:
    """F1 of each category: of the first version, one in the middle, and the newest."""
    if not rows:
        return
    shown = [rows[index] for index in sorted({0, len(rows) // 2, len(rows) - 1})]
    print(
        f"{'F1 on holdout by category':28}positives  "
        + "  ".join(f"{'v' + str(row['version']):>5}" for row in shown)
    )
    for slug, n_positive in sorted(rows[-1]["n_positive"].items(), key=lambda pair: -pair[1]):
        print(f"{slug:28}{n_positive:9}  " + "  ".join(f"{_share(row['f1'][slug][0]):>5}" for row in shown))
    print()


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
