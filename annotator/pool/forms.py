"""The forms of the pool stage."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from annotator.errors import CrossguardError, TooLarge
from annotator.pool.archives import NAME_CHARS_MAX
from annotator.pool.erasing import DAYS_MAX, REASON_MAX, Wanted
from annotator.pool.models import Ingest, Split
from annotator.pool.selectors import ItemFilter
from annotator.pool.services import Upload

FORM_BYTES = 1024 * 1024  # what a form holds besides its file
ID_MAX = 2**63 - 1


class UploadForm(forms.Form):
    """A file to take in."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # refused by the ingest, whose sentence says more
        help_text="CSV, TSV, JSON Lines or Parquet with a column <code>url</code>; WARC; or lists of addresses in a "
        "zip or tar archive. Also gzipped.",
    )
    format = forms.ChoiceField(
        choices=[("", "By its name"), *Ingest.Format.choices], required=False, label="Read as"
    )

    def upload(self) -> Upload:
        """The file as the service takes it."""
        file = self.cleaned_data["file"]
        return Upload(file.name, file.file, self.cleaned_data["format"] or None, self._names())

    def _names(self) -> dict[str, str]:
        # Pairs of fields, one for each list that an earlier try did not know.
        if not isinstance(self.data, QueryDict):
            return {}
        pairs = zip(self.data.getlist("list"), self.data.getlist("category"), strict=False)
        return {
            name[:NAME_CHARS_MAX]: category[:NAME_CHARS_MAX] for name, category in pairs if name and category
        }

    def refuse(self, error: CrossguardError) -> None:
        """Show why the service did not take the file."""
        self.add_error("file", error.message)


class ItemFilterForm(forms.Form):
    """Which items to list, and from where on."""

    text = forms.CharField(
        required=False, max_length=200, label="Address or title",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "part of an address or title"}),
    )  # fmt: skip
    domain = forms.CharField(required=False, max_length=255, label="Site")
    split = forms.ChoiceField(required=False, choices=[("", "Train and holdout"), *Split.choices])
    before = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)

    def wanted(self) -> ItemFilter:
        """The filter; what is not valid does not narrow, and the form says so."""
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", {})
        return ItemFilter(
            text=cleaned.get("text", ""), domain=cleaned.get("domain", ""), split=cleaned.get("split", "")
        )


class ErasureForm(forms.Form):
    """What to erase, and why."""

    item = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, label="Item number")
    site = forms.CharField(
        required=False, max_length=500, label="Site",
        help_text="All pages of it, by its name or any address on it. Pages that come later are not touched.",
    )  # fmt: skip
    reason = forms.CharField(
        max_length=REASON_MAX, label="Why",
        help_text="Who asked for it, and by what right. Do not quote the page: this stays.",
    )  # fmt: skip

    def wanted(self) -> Wanted:
        """What the service takes."""
        return Wanted(self.cleaned_data["item"], self.cleaned_data["site"])


class RetentionForm(forms.Form):
    """How long evidence of resolved items is kept."""

    days = forms.IntegerField(
        required=False, min_value=1, max_value=DAYS_MAX, label="Days after an item is resolved",
        help_text="Empty keeps evidence for ever.",
    )  # fmt: skip


def upload_check(content_length: object) -> None:
    """Raise TooLarge when a request announces more than an upload may have; call it before its body is read."""
    length = int(content_length) if str(content_length or "").isdigit() else 0  # type: ignore[call-overload]
    if length > settings.UPLOAD_MAX_BYTES + FORM_BYTES:
        raise TooLarge(
            f"The upload has {length:,} bytes; {settings.UPLOAD_MAX_BYTES:,} is the most "
            "(CROSSGUARD_UPLOAD_MAX_BYTES). Gzip it, split it, or ask the operator to run `manage.py ingest`."
        )
