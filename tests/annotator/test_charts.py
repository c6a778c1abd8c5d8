"""Charts say their numbers in words, stay inside their box, and never carry a style or an unescaped name."""

from xml.etree import ElementTree as ET

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from annotator.charts import (
    Estimate,
    Mark,
    Part,
    band_chart,
    interval_bars,
    line_chart,
    sparkline,
    stacked_bar,
)

ALPHA = Estimate("Games", 0.71, 0.62, 0.79, 140)
UNKNOWN = Estimate("Weapons", None, n=3, why="too few pairs")


def drawn(svg: SafeString) -> ET.Element:
    return ET.fromstring(svg)


def found(svg: SafeString, css: str) -> list[ET.Element]:
    return [element for element in drawn(svg).iter() if css in element.get("class", "").split()]


def test_words_hold_value_interval_and_n_when_measured() -> None:
    assert ALPHA.words == "0.71 [0.62, 0.79] n=140"


def test_words_say_why_when_there_is_no_value() -> None:
    assert UNKNOWN.words == "too few pairs n=3"


def test_interval_bars_put_value_and_interval_on_the_scale_when_measured() -> None:
    svg = interval_bars([ALPHA], "Agreement", scale=(0.0, 1.0), target=0.667)

    assert [line.get("x1") for line in found(svg, "chart-interval")] == ["62.00%"]
    assert [line.get("x2") for line in found(svg, "chart-interval")] == ["79.00%"]
    assert [point.get("cx") for point in found(svg, "chart-point")] == ["71.00%"]
    assert [line.get("x1") for line in found(svg, "chart-target")] == ["66.70%"]


def test_interval_bars_keep_the_row_without_a_mark_when_there_is_no_value() -> None:
    svg = interval_bars([UNKNOWN], "Agreement")

    assert not found(svg, "chart-point")
    assert [text.text for text in found(svg, "chart-why")] == ["too few pairs n=3"]


def test_every_number_is_in_the_description_when_a_chart_is_read_aloud() -> None:
    description = drawn(interval_bars([ALPHA, UNKNOWN], "Agreement"))[1]

    assert description.tag == "desc"
    assert description.text == "Games: 0.71 [0.62, 0.79] n=140; Weapons: too few pairs n=3"


def test_line_chart_leaves_a_gap_out_when_a_point_has_no_value() -> None:
    line = [Estimate("v1", 0.4), Estimate("v2", None), Estimate("v3", 0.6, 0.5, 0.7)]

    svg = line_chart({"macro F1": line}, "F1 by version", scale=(0.0, 1.0))

    assert len(found(svg, "chart-dot")) == 2
    assert len(found(svg, "chart-line")) == 1
    assert len(found(svg, "chart-whisker")) == 1
    assert drawn(svg)[1].text == "macro F1, v3: 0.60 [0.50, 0.70]"


def test_line_chart_names_at_most_six_places_when_there_are_many() -> None:
    svg = line_chart({"a": [Estimate(f"v{number}", 0.5) for number in range(100)]}, "Many")

    assert len([text for text in drawn(svg).iter("text") if text.get("text-anchor") == "middle"]) <= 6


def test_stacked_bar_fills_the_box_when_parts_are_given() -> None:
    svg = stacked_bar([Part("query", 60), Part("rare", 30), Part("audit", 10)], "Streams")

    assert [part.get("width") for part in found(svg, "chart-part")] == ["60.00%", "30.00%", "10.00%"]
    assert [part.get("x") for part in found(svg, "chart-part")] == ["0.00%", "60.00%", "90.00%"]


def test_names_are_escaped_when_they_hold_markup() -> None:
    svg = interval_bars([Estimate("<script>", 0.5)], "a & b")

    assert "<script>" not in svg
    assert drawn(svg)[0].text == "a & b"


@pytest.mark.parametrize(
    "svg",
    [
        interval_bars([], "none"),
        line_chart({}, "none"),
        line_chart({"empty": []}, "none"),
        line_chart({"flat": [Estimate("v1", 0.0)]}, "flat"),
        stacked_bar([], "none"),
        stacked_bar([Part("query", 0)], "zero"),
        sparkline([], "none"),
        sparkline([3.0], "one"),
    ],
)
def test_a_chart_is_whole_when_there_is_little_to_draw(svg: SafeString) -> None:
    assert drawn(svg)[0].tag == "title"
    assert "nan" not in svg


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_points_stay_inside_the_box_whatever_the_values(values: list[float]) -> None:
    svg = line_chart({"series": [Estimate(str(index), value) for index, value in enumerate(values)]}, "Any")

    assert all(20 <= float(dot.get("cy", "")) <= 160 for dot in found(svg, "chart-dot"))
    assert "style" not in svg


def test_band_breaks_where_there_is_no_value() -> None:
    line = [ALPHA, ALPHA, UNKNOWN, ALPHA]

    svg = band_chart(line, "Agreement by week")

    [band] = found(svg, "chart-band")
    assert len(band.get("points", "").split()) == 4
    assert len(found(svg, "chart-line")) == 1
    assert len(found(svg, "chart-dot")) == 3
    assert len(found(svg, "chart-whisker")) == 1


def test_marks_stand_between_places_and_are_named_where_names_have_room() -> None:
    marks = [Mark("v3", 1.02), Mark("v2", 1.0)]

    svg = band_chart([ALPHA, ALPHA, ALPHA], "Agreement by week", marks=marks, target=0.8)

    assert [rule.get("x1") for rule in found(svg, "chart-mark")] == ["53.00%", "53.82%"]
    assert [text.text for text in drawn(svg).iter("text") if (text.text or "").startswith("v")] == ["v2"]
    assert "v3 is marked" in "".join(drawn(svg).itertext())


@pytest.mark.parametrize("line", [[], [UNKNOWN], [ALPHA], [UNKNOWN, UNKNOWN]])
def test_band_chart_is_drawn_when_there_is_little(line: list[Estimate]) -> None:
    assert found(band_chart(line, "Agreement by week", marks=[Mark("v1", 0.2)]), "chart-mark")
