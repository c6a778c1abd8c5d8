"""`.env.example` documents exactly the settings that are read."""

import re

import pytest

from annotator.runtime.embedded import REPOSITORY

READ = re.compile(r"""(?:env\.\w+\(|environ\.get\(|environ\[)\s*["']([A-Z][A-Z0-9_]+)["']""")
SOURCES = ["annotator/settings.py", "annotator/runtime/embedded.py"]
DEPLOYMENT = {"CROSSGUARD_PORT", "POSTGRES_PASSWORD"}  # read by docker-compose.yml alone


def documented() -> dict[str, str]:
    """Each name in .env.example with the comment lines over it."""
    found: dict[str, str] = {}
    comment = ""
    for line in (REPOSITORY / ".env.example").read_text().splitlines():
        if match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line):
            found[match[1]] = comment
        comment = comment + line if line.startswith("# ") else "" if not line else comment
    return found


def read_names() -> set[str]:
    """Each environment variable that the settings read."""
    return {name for source in SOURCES for name in READ.findall((REPOSITORY / source).read_text())}


def test_each_setting_is_documented() -> None:
    assert read_names() - documented().keys() == set()


def test_each_documented_setting_is_read() -> None:
    assert documented().keys() - read_names() - DEPLOYMENT == set()


@pytest.mark.parametrize("name", sorted(documented()))
def test_documentation_says_something(name: str) -> None:
    assert len(documented()[name]) > len(name)


def test_no_other_code_reads_a_setting_from_the_environment() -> None:
    files = [path for folder in ("annotator", "learner") for path in (REPOSITORY / folder).rglob("*.py")]
    readers = {str(path.relative_to(REPOSITORY)) for path in files if READ.search(path.read_text())}

    assert readers - set(SOURCES) == set()
