"""The next taxonomy in the making: operations that can be undone, and a mapping that stays."""

import pytest
from django.db import ProgrammingError, transaction

from annotator.errors import BadInput
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts.guideline import clause_draft_add
from annotator.projects.drafts.taxonomy import (
    TAXONOMY,
    OperationUndo,
    TaxonomyEdit,
    taxonomy_drafting_of,
)
from annotator.projects.mapping import Kind
from annotator.projects.models import (
    CategoryMapping,
    Draft,
    GuidelineDraft,
    GuidelineVersion,
    Project,
    TaxonomyDraft,
    Version,
)
from annotator.projects.operations import Operation
from annotator.projects.selectors import (
    carrying,
    guideline_current,
    slugs_akin,
    taxonomy_current,
    taxonomy_links,
)
from annotator.projects.services import category_drafts, guideline_publish, taxonomy_publish
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    draft_changed,
    draft_published,
    make_project,
    make_taxonomy,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def do(project: Project, change: TaxonomyEdit) -> Draft:
    return draft_changed(TAXONOMY, project, change)


def split(project: Project) -> Draft:
    return do(project, split_into(GAMES, "board-games", "video-games"))


def publish(project: Project, note: str = "Clearer") -> Version:
    return draft_published(TAXONOMY, project, note)


def test_operations_make_the_next_taxonomy_and_its_mapping(project: Project) -> None:
    split(project)
    do(project, Operation(Kind.ADD, (), (category_draft("chat", key="c"),)))
    do(project, Operation(Kind.RETIRE, (VIOLENCE,), ()))

    version = publish(project)

    assert taxonomy_current(project).slugs == ("board-games", "video-games", GAMBLING, "chat")
    rows = CategoryMapping.objects.filter(taxonomy=version.pk).values_list("kind", "source", "targets")
    assert list(rows) == [
        ("split", GAMES, ["board-games", "video-games"]),
        ("add", "", ["chat"]),
        ("retire", VIOLENCE, []),
    ]


def test_the_plain_words_say_what_the_draft_does(project: Project) -> None:
    do(project, Operation(Kind.MERGE, (GAMES, GAMBLING), (category_draft("play", name="Play"),)))
    do(project, Operation(Kind.CHANGE, ("play",), (category_draft("play", name="Play", severity=2),)))
    do(project, Operation(Kind.RENAME, (VIOLENCE,), (category_draft("gore", name="Gore"),)))

    words = [step.words for step in taxonomy_drafting_of(project).steps]

    assert words == [
        'Merge "Games" and "Gambling" into "Play"',
        'Change "Play"',
        'Rename "Violence" to "Gore"',
    ]


def test_an_operation_is_undone_unless_a_later_one_needs_it(project: Project) -> None:
    do(project, Operation(Kind.ADD, (), (category_draft("chat"),)))
    do(project, Operation(Kind.CHANGE, ("chat",), (category_draft("chat", severity=2),)))

    with pytest.raises(BadInput, match="A later operation needs this one"):
        do(project, OperationUndo(0))
    do(project, OperationUndo(1))
    do(project, OperationUndo(0))

    assert taxonomy_drafting_of(project).categories == category_drafts(taxonomy_current(project))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Operation(Kind.RETIRE, ("nope",), ()), 'no category "nope"'),
        (Operation(Kind.MERGE, (GAMES,), (category_draft("x"),)), "two or more"),
        (Operation(Kind.MERGE, (GAMES, GAMES), (category_draft("x"),)), "two or more"),
        (Operation(Kind.SPLIT, (GAMES,), (category_draft("x"),)), "into 2 to"),
        (
            Operation(Kind.SPLIT, (GAMES,), (category_draft(GAMES), category_draft("x"))),
            "a short name of its own",
        ),
        (Operation(Kind.ADD, (), (category_draft(GAMES),)), "used already"),
        (Operation(Kind.ADD, (), (category_draft("Bad Slug"),)), "no short name"),
        (Operation(Kind.ADD, (), (category_draft("x", name="Games"),)), "Each has its own"),
        (Operation(Kind.ADD, (), (category_draft("x", key="f"),)), '"f" means flag'),
        (Operation(Kind.ADD, (), (category_draft("x", key="1"),)), "Each has its own"),
        (Operation(Kind.ADD, (), (category_draft("x", severity=4),)), "0 to 3"),
        (Operation(Kind.ADD, (), (category_draft("x", recall_floor=2.0),)), "0 to 1"),
        (Operation(Kind.ADD, (), (category_draft("x", definition="\x00"),)), "1 to 5000"),
        (Operation(Kind.CHANGE, (GAMES,), (category_draft("other"),)), "keeps its short name"),
        (Operation(Kind.CHANGE, (GAMES,), (category_draft(GAMES, key="x"),)), "from its first day"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    project: Project, operation: Operation, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        do(project, operation)

    assert not TaxonomyDraft.objects.exists()


def test_what_a_draft_makes_is_not_taken_apart_in_the_same_draft(project: Project) -> None:
    split(project)

    with pytest.raises(BadInput, match="is made by this draft"):
        do(project, Operation(Kind.RETIRE, ("board-games",), ()))


def test_a_short_name_never_means_something_else(project: Project) -> None:
    split(project)
    publish(project)

    with pytest.raises(BadInput, match="used already"):
        do(project, Operation(Kind.ADD, (), (category_draft(GAMES),)))
    with pytest.raises(BadInput, match="was renamed, merged or split"):
        taxonomy_publish(
            project,
            [*category_drafts(taxonomy_current(project)), category_draft(GAMES, key="1")],
            by=project.created_by,
        )


def test_the_key_of_a_part_goes_on_with_what_it_became_and_with_nothing_else(project: Project) -> None:
    do(project, Operation(Kind.ADD, (), (category_draft("vpn", key="v"),)))
    publish(project)

    with pytest.raises(BadInput, match='key "v" belongs to "vpn"'):
        do(project, Operation(Kind.SPLIT, ("vpn",), (category_draft("a", key="v"), category_draft("b"))))
    do(project, Operation(Kind.RENAME, ("vpn",), (category_draft("ways-round", key="v"),)))
    publish(project)

    assert taxonomy_current(project).categories[-1].key == "v"


def test_clauses_go_where_their_category_went_and_an_open_guideline_draft_follows(project: Project) -> None:
    clauses = [
        ClauseDraft("1.1", "", "Judge the page", "Only it."),
        ClauseDraft("2.1", GAMES, "Games", "Any."),
        ClauseDraft("3.1", VIOLENCE, "Violence", "Any."),
    ]
    guideline_publish(project, clauses, by=project.created_by)
    clause_draft_add(project, by=project.created_by, category=GAMBLING, title="Bets", body="Any.")
    split(project)
    do(project, Operation(Kind.RETIRE, (VIOLENCE,), ()))

    publish(project, "Split")

    current = guideline_current(project)
    assert (current.version.number, current.version.note) == (3, "Split")
    assert [(row.number, row.category) for row in current.clauses] == [("1.1", ""), ("2.1", "board-games")]
    draft = GuidelineDraft.objects.get()
    assert draft.guideline == current.version
    assert [row["category"] for row in draft.clauses] == ["", "board-games", GAMBLING]


def test_a_taxonomy_that_leaves_the_clauses_alone_publishes_no_guideline(project: Project) -> None:
    split(project)
    publish(project)

    assert GuidelineVersion.objects.filter(project=project).count() == 1


def test_answers_are_carried_over_several_versions_and_back(project: Project) -> None:
    first = taxonomy_current(project).version.pk
    split(project)
    publish(project)
    do(project, Operation(Kind.MERGE, ("video-games", GAMBLING), (category_draft("play"),)))
    last = publish(project).pk

    there, back = carrying(first, last), carrying(last, first)

    assert there.carry({GAMES}).unknown == {"board-games", "play"}
    assert there.carry({GAMES, GAMBLING}).labels == {"play"}
    assert there.carry({VIOLENCE}).labels == {VIOLENCE}
    assert back.carry({"board-games"}).labels == {GAMES}
    assert back.carry({"play"}).unknown == {GAMES, GAMBLING}
    assert slugs_akin(last, (GAMES,)) == {GAMES, "board-games", "video-games", "play"}
    assert slugs_akin(last, ("play",)) == {"play", "video-games", GAMBLING, GAMES}


def test_a_version_without_a_mapping_goes_by_the_short_names(project: Project) -> None:
    version = make_taxonomy(project, [GAMES, "chat"])

    links = taxonomy_links(version.pk)

    assert [(link.kind, link.source, link.targets) for link in links] == [
        (Kind.RETIRE, GAMBLING, ()),
        (Kind.RETIRE, VIOLENCE, ()),
        (Kind.ADD, "", ("chat",)),
    ]


def test_a_mapping_is_never_changed(project: Project) -> None:
    split(project)
    publish(project)

    for change in (
        lambda: CategoryMapping.objects.update(targets=["x"]),
        lambda: CategoryMapping.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
