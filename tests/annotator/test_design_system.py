"""What every template keeps to: it compiles, the security policy allows it, its classes and icons exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
PAGE = (ROOT / "docs/design-system.md").read_text()

FORBIDDEN = {
    "an inline style": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "an inline handler": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "hx-on, which needs eval": re.compile(r"\shx-on\b"),
    "an hx-trigger filter, which needs eval": re.compile(r'hx-trigger="[^"]*\['),
    "something of another host": re.compile(r'\b(?:src|href)="(?:https?:)?//'),
}
TAG = re.compile(r"\{[%{#].*?[#}%]\}", re.DOTALL)


def name_of(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_a_template_compiles_whatever_it_shows(template: Path) -> None:
    get_template(name_of(template))


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_a_template_holds_nothing_that_the_policy_refuses(template: Path) -> None:
    text = template.read_text()

    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_every_icon_exists_when_a_template_names_it(template: Path) -> None:
    named = set(re.findall(r'parts/icon\.html" with name="([^"]+)"', template.read_text()))

    assert named - ICONS == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_every_class_is_known_to_css_or_script_when_a_template_uses_it(template: Path) -> None:
    code = "".join(
        path.read_text() for kind in ("css", "js") for path in (ROOT / "static" / kind).rglob(f"*.{kind}")
    )
    # A template tag is cut out with the word around it: `stream-{{ name }}` cannot be checked.
    plain = re.sub(r"[\w-]*\x00[\w-]*", " ", TAG.sub("\x00", template.read_text()))
    used = {word for words in re.findall(r'\bclass="([^"]*)"', plain) for word in words.split()}

    assert {word for word in used if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", code)} == set()


def test_every_part_and_icon_is_on_the_design_page() -> None:
    inner = {"bar", "sidebar", "nav_link", "brand", "theme", "messages"}
    parts = {path.stem for path in (ROOT / "templates/parts").iterdir()} - inner

    assert {part for part in parts if f"parts/{part}.html" not in PAGE} == set()
    assert {icon for icon in ICONS if not re.search(rf"(?<![\w-]){icon}(?![\w-])", PAGE)} == set()
