"""Which key does what: the usual keys, one's own, and what is refused."""

import pytest

from annotator.errors import BadInput
from annotator.judgments.keymap import ACTIONS, keymap_of, keys_checked
from annotator.projects.models import Category, TaxonomyVersion
from annotator.projects.selectors import Taxonomy


def taxonomy(**keys: str) -> Taxonomy:
    categories = tuple(Category(slug=slug, name=slug.capitalize(), key=key) for slug, key in keys.items())
    return Taxonomy(version=TaxonomyVersion(number=1), categories=categories)


USUAL = taxonomy(games="1", gambling="2", violence="q")


def problem(**typed: str) -> str:
    with pytest.raises(BadInput) as refused:
        keys_checked(USUAL, {name.replace("__", ":"): key for name, key in typed.items()})
    return refused.value.message


def test_everything_has_its_usual_key_when_nothing_was_chosen() -> None:
    keymap = keymap_of(USUAL, {})

    assert keymap.of_category == {"games": "1", "gambling": "2", "violence": "q"}
    assert keymap.of_action["submit"] == "Enter"
    assert [keymap.of_action[action.name] for action in ACTIONS] == [action.usual[0] for action in ACTIONS]
    assert keymap.hints["undo"] == "⌫"


def test_an_action_gives_way_when_a_category_has_its_usual_key() -> None:
    keymap = keymap_of(taxonomy(games="p", gambling="l"), {})

    assert keymap.of_category == {"games": "p", "gambling": "l"}
    assert (keymap.of_action["pause"], keymap.of_action["last"]) == (".", ",")


def test_only_what_differs_from_the_usual_is_stored() -> None:
    stored = keys_checked(USUAL, {"flag": "X", "submit": "enter", "category:games": "a", "help": ""})

    assert stored == {"flag": "x", "category:games": "a"}
    keymap = keymap_of(USUAL, stored)
    assert (keymap.of_action["flag"], keymap.of_category["games"]) == ("x", "a")
    assert keymap.of_action["help"] == "?"


def test_two_things_may_swap_their_keys() -> None:
    assert keys_checked(USUAL, {"category:games": "2", "category:gambling": "1"}) == {
        "category:games": "2",
        "category:gambling": "1",
    }


def test_a_chosen_key_stays_and_the_newcomer_has_none_when_the_taxonomy_takes_it() -> None:
    own = keys_checked(USUAL, {"flag": "t"})
    grown = taxonomy(games="1", gambling="2", violence="q", weapons="t")

    keymap = keymap_of(grown, own)

    assert (keymap.of_action["flag"], keymap.of_category["weapons"]) == ("t", "")
    assert keymap.of_category["games"] == "1"


def test_the_form_can_be_saved_as_it_is_shown_when_a_newcomer_has_no_key() -> None:
    own = {"flag": "t"}
    grown = taxonomy(games="1", gambling="2", violence="q", weapons="t")
    shown = {row.name: row.key for row in keymap_of(grown, own).rows}

    assert keys_checked(grown, shown, own=own) == own
    assert keys_checked(grown, shown | {"flag": "x"}, own=own) == {"flag": "x"}
    with pytest.raises(BadInput, match="“Flag for the lead” and “Weapons”"):
        keys_checked(grown, shown | {"category:weapons": "t"}, own=own)


def test_a_choice_for_a_category_that_is_gone_takes_no_key() -> None:
    keymap = keymap_of(taxonomy(gambling="2", chat="a"), {"category:games": "a"})

    assert keymap.of_category == {"gambling": "2", "chat": "a"}


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("flag", "1", '"1" is the key of “Flag for the lead” and “Games”. Give each its own.'),
        ("category__games", "g", '"g" is the key of “Guideline” and “Games”.'),
        ("category__games", "2", '"2" is the key of “Games” and “Gambling”.'),
        ("flag", "Esc", "Esc leaves a field and closes a panel, everywhere."),
        ("flag", "Tab", "Tab goes from field to field, everywhere."),
        ("flag", "F5", '"f5" is not a key. Type one character, or Enter, Space or Backspace.'),
        ("flag", "@", '"@" is Shift with a digit, which says "unsure".'),
        ("flag", "!", '"!" is Shift with a digit'),
        ("category__games", "Enter", '"Enter" cannot be a category.'),
        ("category__games", ".", '"." cannot be a category, because Shift changes it.'),
        ("dance", "d", 'There is no "dance" to give a key to.'),
        ("category__poker", "d", 'There is no "category:poker" to give a key to.'),
        ("flag", "\x00", "is not a key"),
    ],
)
def test_a_key_is_refused_in_words_when_it_cannot_be(name: str, key: str, words: str) -> None:
    assert words in problem(**{name: key})


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        keys_checked(USUAL, {"flag": "@", "undo": "Esc", "guideline": "1"})

    assert set(refused.value.details) == {"flag", "undo", "guideline", "category:games"}


def test_the_space_bar_itself_is_understood() -> None:
    assert keys_checked(USUAL, {"submit": " ", "skip": "Enter"}) == {"submit": "Space", "skip": "Enter"}
