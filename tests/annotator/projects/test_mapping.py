"""Answers carried from one taxonomy version to another: nothing is lost in silence, nothing comes from nowhere."""

from hypothesis import given
from hypothesis import strategies as st

from annotator.projects.mapping import Carrying, Kind, Link, carrying_backward, carrying_forward

MERGE = (Link(Kind.MERGE, "proxies", ("ways-round",)), Link(Kind.MERGE, "vpn", ("ways-round",)))
SPLIT = (Link(Kind.SPLIT, "drugs", ("alcohol", "tobacco")),)
RENAME = (Link(Kind.RENAME, "games", ("gaming",)),)


def test_a_renamed_category_carries_over_both_ways() -> None:
    forward = carrying_forward(["games", "chat"], ["gaming", "chat"], RENAME)
    backward = carrying_backward(["games", "chat"], ["gaming", "chat"], RENAME)

    assert forward.carry({"games"}, {"chat"}).labels == {"gaming"}
    assert forward.carry({"games"}, {"chat"}).unsure == {"chat"}
    assert backward.carry({"gaming"}).labels == {"games"}


def test_what_is_merged_is_present_with_either_and_absent_only_without_both() -> None:
    forward = carrying_forward(["proxies", "vpn"], ["ways-round"], MERGE)

    assert forward.carry({"vpn"}).labels == {"ways-round"}
    assert forward.carry({"vpn"}, {"proxies"}).labels == {"ways-round"}
    assert forward.carry((), {"proxies"}).unsure == {"ways-round"}
    assert forward.carry((), (), {"proxies"}).unknown == {"ways-round"}
    assert forward.carry(()) == Carrying({}).carry(())  # absent: neither present, unsure nor unknown


def test_which_part_of_a_split_category_it_was_is_unknown() -> None:
    forward = carrying_forward(["drugs"], ["alcohol", "tobacco"], SPLIT)
    backward = carrying_backward(["drugs"], ["alcohol", "tobacco"], SPLIT)

    assert forward.carry({"drugs"}).unknown == {"alcohol", "tobacco"}
    assert forward.carry((), {"drugs"}).unknown == {"alcohol", "tobacco"}
    assert forward.carry(()).unknown == frozenset()
    assert backward.carry({"tobacco"}).labels == {"drugs"}
    assert backward.carry(()).unknown == frozenset()


def test_of_a_merged_category_no_part_is_known_in_the_version_before() -> None:
    backward = carrying_backward(["proxies", "vpn"], ["ways-round"], MERGE)

    assert backward.carry({"ways-round"}).unknown == {"proxies", "vpn"}
    assert backward.carry(()).unknown == frozenset()


def test_nobody_was_asked_about_what_was_added_and_what_was_retired_is_dropped() -> None:
    links = (Link(Kind.RETIRE, "old", ()), Link(Kind.ADD, "", ("new",)))
    forward = carrying_forward(["old", "chat"], ["chat", "new"], links)

    found = forward.carry({"old", "chat"})

    assert (found.labels, found.unknown) == (frozenset({"chat"}), frozenset({"new"}))
    assert forward.targets_of("old") == frozenset()
    assert forward.sources_of("new") == frozenset()


def test_a_category_that_comes_back_is_unknown_to_what_was_judged_before() -> None:
    away = carrying_forward(["chat", "old"], ["chat"], ())
    back = carrying_forward(["chat"], ["chat", "old"], ())

    assert away.then(back).carry({"old"}).unknown == {"old"}


@st.composite
def steps(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[Carrying, ...], tuple[Carrying, ...]]:
    """A first version, and the way from it through up to four versions, forward and back."""
    number = iter(range(1_000))
    first = tuple(f"c{next(number)}" for _ in range(draw(st.integers(1, 4))))
    forward, backward, before = [], [], first
    for _ in range(draw(st.integers(1, 4))):
        links, after = [], list[str]()
        left = list(before)
        while left:
            slug, kind = left.pop(), draw(st.sampled_from([None, *Kind]))
            if kind in (None, Kind.ADD, Kind.CHANGE):
                after.append(slug)
            elif kind == Kind.RENAME:
                after.append(f"c{next(number)}")
                links.append(Link(kind, slug, (after[-1],)))
            elif kind == Kind.SPLIT:
                parts = (f"c{next(number)}", f"c{next(number)}")
                after += parts
                links.append(Link(kind, slug, parts))
            elif kind == Kind.MERGE and left:
                after.append(f"c{next(number)}")
                links += [Link(kind, slug, (after[-1],)), Link(kind, left.pop(), (after[-1],))]
            else:
                links.append(Link(Kind.RETIRE, slug, ()))
        after += [f"c{next(number)}" for _ in range(draw(st.integers(0, 1)))]
        forward.append(carrying_forward(before, after, links))
        backward.append(carrying_backward(before, after, links))
        before = tuple(after)
    return first, tuple(forward), tuple(backward)


def answers(draw: st.DrawFn, slugs: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    labels = draw(st.frozensets(st.sampled_from(slugs))) if slugs else frozenset()
    unsure = draw(st.frozensets(st.sampled_from(slugs))) if slugs else frozenset()
    return labels, unsure - labels


@given(steps(), st.data())
def test_carrying_over_all_steps_is_carrying_step_by_step(
    way: tuple[tuple[str, ...], tuple[Carrying, ...], tuple[Carrying, ...]], data: st.DataObject
) -> None:
    first, forward, backward = way
    labels, unsure = data.draw(st.composite(answers)(first))
    composed, at_once = Carrying.identity(first), Carrying.identity(first).carry(labels, unsure)

    for step in (*forward, *reversed(backward)):
        composed = composed.then(step)
        at_once = step.carry(at_once.labels, at_once.unsure, at_once.unknown)

    assert composed.carry(labels, unsure) == at_once


@given(steps(), st.data())
def test_no_label_comes_from_nowhere_and_nothing_is_said_twice(
    way: tuple[tuple[str, ...], tuple[Carrying, ...], tuple[Carrying, ...]], data: st.DataObject
) -> None:
    first, forward, _ = way
    labels, unsure = data.draw(st.composite(answers)(first))
    composed = Carrying.identity(first)
    for step in forward:
        composed = composed.then(step)

    found = composed.carry(labels, unsure)

    for slug in found.labels:
        assert composed.origins[slug].whole & labels
    for slug in set(composed.origins) - found.labels - found.unsure - found.unknown:
        assert composed.origins[slug].asked
        assert not composed.origins[slug].slugs & (labels | unsure)
    assert not (found.labels & found.unsure)
    assert not (found.labels & found.unknown)
    assert not (found.unsure & found.unknown)


@given(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1), st.data())
def test_an_answer_carried_to_its_own_version_is_itself(slugs: list[str], data: st.DataObject) -> None:
    labels, unsure = data.draw(st.composite(answers)(tuple(slugs)))

    found = Carrying.identity(slugs).carry(labels, unsure)

    assert (found.labels, found.unsure, found.unknown) == (labels, unsure, frozenset())
