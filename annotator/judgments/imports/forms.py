"""The forms of the imports."""

from collections.abc import Mapping

from django import forms
from django.http import QueryDict

from annotator.errors import CrossguardError
from annotator.interchange.formats import FORMATS
from annotator.interchange.neutral import NAME_MAX
from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.services import ImportUpload


class ImportForm(forms.Form):
    """A file of judgments to take in."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # refused by the service, whose sentence says more
        help_text="Label Studio JSON, doccano JSONL or its archive, Argilla records, or CSV.",
    )
    format = forms.ChoiceField(
        choices=[("", "By what is in it"), *((one.slug, one.name) for one in FORMATS.values())],
        required=False,
        label="Read as",
    )
    author = forms.CharField(
        required=False,
        max_length=NAME_MAX,
        label="Who judged, where the file does not say",
        help_text="Else the name of the file: doccano calls each after a person.",
    )
    question = forms.CharField(
        required=False,
        max_length=NAME_MAX,
        label="Question or control with the labels",
        help_text="Only where the file has more than one, as Argilla and Label Studio may.",
    )

    def upload(self) -> ImportUpload:
        """The file as the service takes it."""
        cleaned = self.cleaned_data
        file = cleaned["file"]
        return ImportUpload(file.name, file.file, cleaned["format"], cleaned["author"], cleaned["question"])

    def refuse(self, error: CrossguardError) -> None:
        """Show why the service did not take the file."""
        self.add_error("file", error.message)


def sent_of(data: QueryDict) -> Sent:
    """What a lead says of a file: pairs of fields, a label with its category and a person with a member."""
    return Sent(
        url=data.get("url", ""),
        title=data.get("title", ""),
        text=data.get("text", ""),
        labels=_pairs(data, "label", "category"),
        annotators=_pairs(data, "annotator", "member"),
    )


def _pairs(data: QueryDict, name: str, value: str) -> Mapping[str, str]:
    return dict(zip(data.getlist(name), data.getlist(value), strict=False))
