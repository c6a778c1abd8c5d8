"""The data card as one page that stands alone, for a screen or for paper. No script, nothing fetched."""

from functools import cache
from html import escape
from importlib.resources import files

from learner.core.cards.facts import CardFacts
from learner.core.cards.figures import Figure, figures_of
from learner.core.cards.summary import read_first, tiles_of


def card_page(facts: CardFacts, body: str) -> str:
    """The page; `body` is the text of the Markdown card, as safe HTML.

    Everything else is escaped. Two calls with the same arguments give the same bytes.
    """
    title = escape(f"{facts.project}, snapshot v{facts.number}")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}: data card</title>
<style>
{_style()}</style>
</head>
<body>
<header>
<p class="kicker">Data card</p>
<h1>{title}</h1>
<p class="muted">State as of {escape(facts.state_as_of)} · taxonomy v{facts.taxonomy} · guideline v{facts.guideline}</p>
</header>
<main>
{_tiles(facts)}
<section class="first">
<h2>Read this first</h2>
<ul>
{_lines(facts)}
</ul>
</section>
<div class="figures">
{"".join(_figure(figure) for figure in figures_of(facts))}</div>
<article class="prose">
{body}
</article>
</main>
</body>
</html>
"""


def _tiles(facts: CardFacts) -> str:
    tiles = "".join(
        f'<div class="tile"><dt>{escape(tile.label)}</dt><dd><span class="value">{escape(tile.value)}</span>'
        f'<span class="note">{escape(tile.note)}</span></dd></div>\n'
        for tile in tiles_of(facts)
    )
    return f'<dl class="tiles">\n{tiles}</dl>'


def _lines(facts: CardFacts) -> str:
    return "\n".join(f"<li>{escape(line)}</li>" for line in read_first(facts))


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
