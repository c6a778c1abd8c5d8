"""The lines that the benchmark of annotators prints."""

from collections.abc import Sequence
from typing import Any

PROMISES = ("over_served", "double_served", "lost")
LABEL_STUDIO = (
    "Label Studio 1.23.2, PostgreSQL and uWSGI, on 2 shared cores too, but measured earlier and not in this run: "
    "170 to 240 CPU ms a judgment; 2.1 to 3.5 judgments a second with 32 annotators, 100,000 items and overlap 3"
)
LABEL_STUDIO_CPU_MS = 170.0
LABEL_STUDIO_PER_SECOND = 3.5
TIMES_LABEL_STUDIO = 50
TIMES_BARE = 5


def quantiles(seconds: Sequence[float]) -> dict[str, float] | None:
    """p50, p95 and p99 in milliseconds, with n; None of nothing."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    at = {
        f"p{percent}": ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
        for percent in (50, 95, 99)
    }
    return {name: round(value * 1000, 2) for name, value in at.items()} | {"n": len(ordered)}


def heading(result: dict[str, Any]) -> None:
    """Print the set-up."""
    print(
        f"{result['machine']}; {result['versions']}; load average {result['load_average_before']:.1f} before"
    )
    print(f"{result['options']['items']} items a project in one open batch; the loop: {result['loop']}")
    print(
        "times in ms; CPU in ms of server time a judgment; cores: used by web, PostgreSQL, senders, others\n"
    )
    print(
        f"{'overlap':>7} {'people':>6} way  {'jdg/s':>7} {'web':>6} {'pg':>6}  {'submit p50/p95/p99':>20}  "
        f"{'claim p50/p95/p99':>20} {'page p50':>8}  {'cores':>19} errors nothing over double lost"
    )


def line(cell: dict[str, Any]) -> None:
    """Print one cell."""
    cpu, cores = cell["cpu_ms_per_judgment"], cell["cores_used"]
    shares = " ".join(f"{cores[name]:.2f}" for name in ("web", "postgres", "sender", "others"))
    page = f"{cell['page_ms']['p50']:.1f}" if cell["page_ms"] else "-"
    print(
        f"{cell['overlap']:>7} {cell['annotators']:>6} {cell['way']:4} {cell['judgments_per_second']:>7} "
        f"{cpu['web']:>6.2f} {cpu['postgres']:>6.2f}  {_times(cell['submit_ms']):>20}  {_times(cell['claim_ms']):>20} "
        f"{page:>8}  {shares:>19} {cell['errors']:>6} {cell['nothing']:>7} "
        + " ".join(f"{cell[name]:>{len(name.split('_')[0])}}" for name in PROMISES),
        flush=True,
    )
    for error in cell["first_errors"]:
        print(f"        {error}")


def goals(result: dict[str, Any]) -> None:
    """Print, and add to the result, how each cell compares with bare psycopg beside it and with Label Studio."""
    bare, same = (
        {_place(cell): cell for cell in result["cells"] if cell["way"] == way} for way in ("bare", "same")
    )
    print(f"\n{LABEL_STUDIO}")
    for cell in result["cells"]:
        if cell["way"] in ("bare", "same"):
            continue
        cell["cpu_times_less_than_label_studio"] = round(
            LABEL_STUDIO_CPU_MS / max(sum(cell["cpu_ms_per_judgment"].values()), 1e-9), 1
        )
        words = [
            f"CPU a judgment: Label Studio's is {cell['cpu_times_less_than_label_studio']} times as much"
        ]
        if _place(cell) in bare:
            ratio = bare[_place(cell)]["judgments_per_second"] / max(cell["judgments_per_second"], 1e-9)
            cell["bare_psycopg_times_faster"] = round(ratio, 2)
            words.append(f"the shortest statements by psycopg are {ratio:.1f} times as fast")
            cost = _core_ms(cell) / max(_core_ms(bare[_place(cell)]), 1e-9)
            cell["cpu_times_bare_psycopg"] = round(cost, 2)
            words.append(f"{cost:.1f} times its CPU with the senders', whatever else the machine does")
        if _place(cell) in same:
            ratio = same[_place(cell)]["judgments_per_second"] / max(cell["judgments_per_second"], 1e-9)
            cell["same_statements_times_faster"] = round(ratio, 2)
            words.append(
                f"the same statements by psycopg are {ratio:.1f} times as fast (goal: at most {TIMES_BARE})"
            )
        if _place(cell) == (3, 32) and cell["items"] == 100_000:
            ratio = cell["judgments_per_second"] / LABEL_STUDIO_PER_SECOND
            cell["times_label_studio"] = round(ratio, 1)
            words.append(f"{ratio:.0f} times Label Studio's rate (goal: {TIMES_LABEL_STUDIO})")
        print(f"overlap {cell['overlap']}, {cell['annotators']} by {cell['way']}: {'; '.join(words)}")
    result["label_studio"] = LABEL_STUDIO


def _core_ms(cell: dict[str, Any]) -> float:
    """CPU of all sides for one judgment: bare psycopg has no web server, and its sender does part of that work."""
    cores = sum(cell["cores_used"].get(name, 0.0) for name in ("web", "postgres", "sender"))
    return float(cores / max(cell["judgments_per_second"], 1e-9) * 1000)


def _place(cell: dict[str, Any]) -> tuple[int, int]:
    return cell["overlap"], cell["annotators"]


def _times(found: dict[str, float] | None) -> str:
    return "-" if found is None else "/".join(f"{found[name]:.1f}" for name in ("p50", "p95", "p99"))
