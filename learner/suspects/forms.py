"""What a lead sends about a suspect."""

from django import forms

from annotator.review.questions.asking import TEXT_MAX
from learner.suspects.selectors import JUDGMENTS_MAX


class AnswerForm(forms.Form):
    """One of three answers, and the judgments that the lead saw."""

    answer = forms.ChoiceField(choices=[("confirm", "Confirm"), ("fix", "Fix"), ("send_back", "Send back")])
    judgments = forms.RegexField(r"^(\d{1,18}(,\d{1,18})*)?$", required=False, max_length=20 * JUDGMENTS_MAX)
    category = forms.SlugField(required=False, max_length=40)
    text = forms.CharField(required=False, max_length=TEXT_MAX, label="Question")
    client_id = forms.UUIDField(required=False)

    def clean_judgments(self) -> frozenset[int]:
        """The ids."""
        return frozenset(int(pk) for pk in self.cleaned_data["judgments"].split(",") if pk)
