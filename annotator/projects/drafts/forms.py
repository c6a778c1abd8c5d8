"""The forms of the pages on which leads write a draft: one for each kind of change."""

from dataclasses import replace
from typing import Any, ClassVar, Final

from django import forms
from django.utils.text import slugify

from annotator.errors import BadInput
from annotator.projects.blueprint import KEYS, CategoryDraft
from annotator.projects.drafts.guideline import ClauseEdit
from annotator.projects.drafts.services import NOTE_MAX
from annotator.projects.drafts.taxonomy import OperationUndo, TaxonomyDrafting, TaxonomyEdit
from annotator.projects.mapping import Kind
from annotator.projects.operations import Operation
from annotator.projects.selectors import Taxonomy

PARTS_MAX: Final = 4
SEVERITIES: Final = [(0, "0 harmless"), (1, "1 mild"), (2, "2 harmful"), (3, "3 grave")]


class RevisionForm(forms.Form):
    """Which draft a lead looked at; 0 for none."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class NoteForm(forms.Form):
    """Why a draft is published."""

    note = forms.CharField(max_length=NOTE_MAX, label="What changes, and why")


class EditForm(forms.Form):
    """One change of a draft. `taxonomy` has the categories that there are.

    `kind` names the change in what is sent, and `about` the field that says which clause or category it is of. A form
    with a `heading` stands on the page by itself. One with an `editor` is only a button on that form.
    """

    kind: ClassVar[str]
    about: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    editor: ClassVar["type[EditForm] | None"] = None

    def __init__(self, *args: Any, taxonomy: Taxonomy | TaxonomyDrafting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taxonomy = taxonomy
        self.auto_id = "_".join(filter(None, (self.kind, self.target.replace("%", "%%"), "%s")))

    @property
    def target(self) -> str:
        """The number of the clause, or the short name of the category, that it is about; empty for a new one."""
        given = self.data if self.is_bound else self.initial
        return str(given.get(self.about, ""))

    @property
    def edit(self) -> ClauseEdit | TaxonomyEdit:
        """What the lead asks for; raises BadInput for what the draft does not have."""
        raise NotImplementedError

    def shown(self) -> "EditForm | None":
        """What stood on the page when this was sent, as it was typed; None for a button beside nothing typed."""
        if self.editor is None:
            return self if self.about or self.heading else None
        typed = {name: self.data[name] for name in self.editor.base_fields if name in self.data}
        return self.editor(initial=typed, taxonomy=self.taxonomy) if set(typed) - {self.about} else None


class ClauseEditForm(EditForm):
    """A change of one clause."""

    @property
    def edit(self) -> ClauseEdit:
        """To change it as was typed."""
        return ClauseEdit(self.kind, **self.cleaned_data)


class ClauseTextForm(ClauseEditForm):
    """What a clause says."""

    title = forms.CharField(max_length=120)
    body = forms.CharField(
        label="Text", max_length=20_000, widget=forms.Textarea(attrs={"rows": 6}), help_text="Markdown."
    )


class ClauseForm(ClauseTextForm):
    """A clause of the draft, said differently."""

    kind, about = "save", "number"

    number = forms.CharField(max_length=12, widget=forms.HiddenInput)


class NewClauseForm(ClauseTextForm):
    """A clause more, about one category or about all."""

    kind, heading = "add", "Add a clause"
    field_order = ("category", "title", "body")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Every page"), *_named(self.taxonomy)]
        self.fields["category"] = forms.ChoiceField(choices=choices, required=False, label="About")
        self.order_fields(self.field_order)


class ClauseRemoveForm(ClauseEditForm):
    """A clause less."""

    kind, about, editor = "remove", "number", ClauseForm

    number = forms.CharField(max_length=12)


class OperationForm(EditForm):
    """An operation on the taxonomy, as the draft leaves it so far."""

    taxonomy: TaxonomyDrafting

    def found(self, slug: str) -> CategoryDraft:
        """The category of this short name; raises BadInput."""
        found = next((row for row in self.taxonomy.categories if row.slug == slug), None)
        if found is None:
            raise BadInput(f'There is no category "{slug}" at this point of the draft. Look at it again.')
        return found


class CategoryForm(OperationForm):
    """Everything that a category says."""

    kind, heading = Kind.ADD.value, "Add a category"

    name = forms.CharField(max_length=60)
    slug = forms.CharField(
        max_length=40,
        required=False,
        label="Short name",
        help_text="Of lower-case letters, digits and hyphens. Made from the name if empty.",
    )
    definition = forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int, initial=1)
    cipa = forms.BooleanField(required=False, label="CIPA obliges schools to block it")
    key = forms.CharField(max_length=1, required=False, help_text=f"One of {KEYS}; kept for ever.")
    recall_floor = forms.FloatField(
        required=False, min_value=0, max_value=1, label="Recall at least", help_text="From 0 to 1."
    )
    terms = forms.CharField(
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Words that point to it, with commas between them.",
    )

    @property
    def drafted(self) -> CategoryDraft:
        """The category as it was typed."""
        typed = self.cleaned_data
        terms = (term.strip().lower() for term in typed["terms"].replace("\n", ",").split(","))
        return CategoryDraft(
            slug=typed["slug"].strip() or slugify(typed["name"])[:40].strip("-"),
            name=typed["name"],
            definition=typed["definition"],
            severity=typed["severity"],
            cipa=typed["cipa"],
            key=typed["key"],
            recall_floor=typed["recall_floor"],
            terms=tuple(dict.fromkeys(term for term in terms if term)),
        )

    @property
    def edit(self) -> Operation:
        """To add the category."""
        return Operation(Kind.ADD, (), (self.drafted,))


class ChangeForm(CategoryForm):
    """A category of the draft, said differently; with another name or short name it is renamed."""

    kind, heading, about = Kind.CHANGE.value, "", "source"

    source = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].help_text = "It stays as it is for most renames: addresses and files go by it."

    @property
    def edit(self) -> Operation:
        """To rename or to change it; raises BadInput for what the draft does not have, or when nothing differs."""
        before, after = self.found(self.cleaned_data["source"]), self.drafted
        if not self.cleaned_data["slug"].strip():
            after = replace(after, slug=before.slug)
        if after == before:
            raise BadInput(f'"{before.name}" says this already. Change something of it, or leave it.')
        is_named_so = (after.slug, after.name) == (before.slug, before.name)
        return Operation(Kind.CHANGE if is_named_so else Kind.RENAME, (before.slug,), (after,))


class RetireForm(OperationForm):
    """A category that is no more."""

    kind, about, editor = Kind.RETIRE.value, "source", ChangeForm

    source = forms.CharField(max_length=40)

    @property
    def edit(self) -> Operation:
        """To retire it."""
        return Operation(Kind.RETIRE, (self.found(self.cleaned_data["source"]).slug,), ())


class MergeForm(OperationForm):
    """Several categories that become one: as grave as the gravest, with the terms of all."""

    kind, heading = Kind.MERGE.value, "Merge categories"

    sources = forms.MultipleChoiceField(
        label="Categories to merge", widget=forms.CheckboxSelectMultiple, choices=()
    )
    name = forms.CharField(max_length=60, label="Name of what they become")
    slug = CategoryForm.base_fields["slug"]
    definition = CategoryForm.base_fields["definition"]
    key = forms.CharField(max_length=1, required=False, help_text="The key of one of them may go on with it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = self.fields["sources"]
        assert isinstance(sources, forms.MultipleChoiceField)
        sources.choices = _named(self.taxonomy)

    @property
    def edit(self) -> Operation:
        """To merge them."""
        typed = self.cleaned_data
        parts = [self.found(slug) for slug in typed["sources"]]
        floors = [part.recall_floor for part in parts if part.recall_floor is not None]
        merged = CategoryDraft(
            slug=typed["slug"].strip() or slugify(typed["name"])[:40].strip("-"),
            name=typed["name"],
            definition=typed["definition"],
            severity=max(part.severity for part in parts),
            cipa=any(part.cipa for part in parts),
            key=typed["key"],
            recall_floor=max(floors, default=None),
            terms=tuple(dict.fromkeys(term for part in parts for term in part.terms)),
        )
        return Operation(Kind.MERGE, tuple(part.slug for part in parts), (merged,))


class SplitForm(OperationForm):
    """One category that becomes several: each as grave as it was, and without its terms, to be changed afterwards."""

    kind, heading = Kind.SPLIT.value, "Split a category"

    source = forms.ChoiceField(label="Category to split", choices=())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = self.fields["source"]
        assert isinstance(source, forms.ChoiceField)
        source.choices = _named(self.taxonomy)
        for number in range(1, PARTS_MAX + 1):
            needed = number <= 2  # noqa: PLR2004 - one part is no split
            self.fields[f"name_{number}"] = forms.CharField(
                max_length=60, required=needed, label=f"Part {number}"
            )
            self.fields[f"definition_{number}"] = forms.CharField(
                max_length=5000,
                required=needed,
                label=f"Definition of part {number}",
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a part that has only half of what it needs."""
        cleaned = super().clean() or {}
        for number in range(1, PARTS_MAX + 1):
            name, definition = cleaned.get(f"name_{number}"), cleaned.get(f"definition_{number}")
            if bool(name) != bool(definition) and not self.errors:
                missing = "definition" if name else "name"
                self.add_error(f"{missing}_{number}", "A part needs both a name and a definition.")
        return cleaned

    @property
    def edit(self) -> Operation:
        """To split it."""
        typed, whole = self.cleaned_data, self.found(self.cleaned_data["source"])
        parts = tuple(
            replace(
                whole,
                slug=slugify(name)[:40].strip("-"),
                name=name,
                definition=typed[f"definition_{number}"],
                key="",
                terms=(),
            )
            for number in range(1, PARTS_MAX + 1)
            if (name := typed[f"name_{number}"])
        )
        return Operation(Kind.SPLIT, (whole.slug,), parts)


class UndoForm(EditForm):
    """An operation less."""

    kind = "undo"

    position = forms.IntegerField(min_value=0, max_value=1000)

    @property
    def edit(self) -> OperationUndo:
        """To undo it."""
        return OperationUndo(**self.cleaned_data)


def _named(taxonomy: Taxonomy | TaxonomyDrafting) -> list[tuple[str, str]]:
    return [(category.slug, category.name) for category in taxonomy.categories]
