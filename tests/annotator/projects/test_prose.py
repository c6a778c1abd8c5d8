"""Tables of a text: on a phone each cell has to say which column it is of."""

from annotator.projects.prose import COLUMNS_MAX, prose, prose_tabled


def test_each_cell_but_the_first_knows_its_column_when_a_text_has_a_table() -> None:
    html = prose_tabled(
        'So.\n\n| Is | "F1" of `x` |\n|---|---|\n| Games | 0.5 |\n\n| A | B |\n|---|---|\n| 1 | 2 |'
    )

    assert '<td>Games</td>\n<td data-label="&quot;F1&quot; of x">0.5</td>' in html
    assert '<td>1</td>\n<td data-label="B">2</td>' in html


def test_a_grid_stays_a_grid_when_it_has_too_many_columns_for_cards() -> None:
    grid = "\n".join("|" + f" {cell} |" * (COLUMNS_MAX + 1) for cell in ("head", "---", "1"))

    assert prose_tabled(grid) == prose(grid)


def test_a_head_stays_text_when_it_looks_like_markup() -> None:
    html = prose_tabled("| A | <b onclick=x> &amp; |\n|---|---|\n| 1 | 2 |")

    assert '<td data-label="&lt;b onclick=x&gt; &amp;">2</td>' in html
