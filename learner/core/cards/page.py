"""The data card as one page that stands alone, for a screen or for paper. No script, nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from learner.core.cards.facts import CardFacts
from learner.core.cards.figures import Figure, figures_of
from learner.core.cards.summary import Tile, read_first, tiles_of


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of a card: all but `body`, which is safe HTML, is plain text."""

    kind: str
    title: str
    subtitle: str
    tiles: Sequence[Tile]
    first: Sequence[str]
    figures: Sequence[Figure]
    body: str


def card_page(facts: CardFacts, body: str) -> str:
    """The page; `body` is the text of the Markdown card, as safe HTML.

    Everything else is escaped. Two calls with the same arguments give the same bytes.
    """
    versions = f"taxonomy v{facts.taxonomy} · guideline v{facts.guideline}"
    return page_html(
        Page(
            kind="Data card",
            title=f"{facts.project}, snapshot v{facts.number}",
            subtitle=f"State as of {facts.state_as_of} · {versions}",
            tiles=tiles_of(facts),
            first=read_first(facts),
            figures=figures_of(facts),
            body=body,
        )
    )


def page_html(page: Page) -> str:
    """The page of any card."""
    title, kind = escape(page.title), escape(page.kind)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}: {kind.lower()}</title>
<style>
{_style()}</style>
</head>
<body>
<header>
<p class="kicker">{kind}</p>
<h1>{title}</h1>
<p class="muted">{escape(page.subtitle)}</p>
</header>
<main>
{_tiles(page.tiles)}
<section class="first">
<h2>Read this first</h2>
<ul>
{_lines(page.first)}
</ul>
</section>
<div class="figures">
{"".join(_figure(figure) for figure in page.figures)}</div>
<article class="prose">
{page.body}
</article>
</main>
</body>
</html>
"""


def _tiles(tiles: Sequence[Tile]) -> str:
    drawn = "".join(
        f'<div class="tile"><dt>{escape(tile.label)}</dt><dd><span class="value">{escape(tile.value)}</span>'
        f'<span class="note">{escape(tile.note)}</span></dd></div>\n'
        for tile in tiles
    )
    return f'<dl class="tiles">\n{drawn}</dl>'


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(f"<li>{escape(line)}</li>" for line in lines)


def _figure(figure: Figure) -> str:
    keys = "".join(f'<li class="{css}">{escape(name)}</li>' for name, css in figure.legend)
    legend = f'<ul class="legend">{keys}</ul>' if keys else ""
    return (
        f'<figure class="figure-{figure.name}"><h2>{escape(figure.title)}</h2>{figure.svg}{legend}'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>\n"
    )


@cache
def _style() -> str:
    return files("learner.core.cards").joinpath("page.css").read_text("utf-8")
