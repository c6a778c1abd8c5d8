"""The lock files install anywhere: hash-pinned, and free of the names of registries."""

import re

import pytest

from annotator.runtime.embedded import REPOSITORY

LOCKS = ["requirements.lock", "tests/requirements.lock", ".ci/uv.txt"]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_host(name: str) -> None:
    text = (REPOSITORY / name).read_text()

    assert re.findall(r"\S*(?:://|@ )\S*|--(?:extra-)?index-url.*|--find-links.*", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_each_package_with_a_hash(name: str) -> None:
    pins = re.split(r"\n(?=\S)", (REPOSITORY / name).read_text())
    packages = [pin for pin in pins if not pin.startswith("#")]

    assert packages
    assert [pin for pin in packages if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", pin)] == []
    assert [pin for pin in packages if "--hash=sha256:" not in pin] == []


def test_test_lock_repeats_the_pins_of_the_run_lock() -> None:
    run, test = (set(re.findall(r"^\S+==\S+", (REPOSITORY / name).read_text(), re.M)) for name in LOCKS[:2])

    assert run
    assert run - test == set()
