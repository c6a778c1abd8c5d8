"""The shapes of scoring, for the schema: the door reads and writes them by hand, because a thousand rows are many."""

from typing import Any

from rest_framework import serializers

from learner.monitoring.rows import ARMS, ROWS_MAX, TEXT_MAX, TITLE_MAX


class AskedPageSerializer(serializers.Serializer[Any]):
    """A page to score; a bare address may stand in its place."""

    url = serializers.CharField()
    title = serializers.CharField(required=False, allow_blank=True, max_length=TITLE_MAX)
    text = serializers.CharField(required=False, allow_blank=True, max_length=TEXT_MAX)


class ScoreSerializer(serializers.Serializer[Any]):
    """A scoring request."""

    pages = serializers.ListField(child=AskedPageSerializer(), min_length=1, max_length=ROWS_MAX)
    profile = serializers.CharField(required=False, allow_blank=True)
    arm = serializers.ChoiceField(
        ARMS,
        required=False,
        allow_blank=True,
        help_text="While an experiment runs: the arm that is to answer every page. Such requests are not counted. "
        "Left out: the arm that the site of each page is drawn into.",
    )


class RowErrorSerializer(serializers.Serializer[Any]):
    """Why one row was not scored."""

    code = serializers.CharField()
    message = serializers.CharField()


class ScoredPageSerializer(serializers.Serializer[Any]):
    """One row of the answer, in the order of the request; `error` alone where it could not be scored."""

    url = serializers.CharField(help_text="Canonical, or as it was sent where it could not be scored.")
    probabilities = serializers.DictField(child=serializers.FloatField(), required=False)
    labels = serializers.ListField(child=serializers.CharField(), required=False)
    action = serializers.ChoiceField(["block", "warn", "allow"], required=False)
    arm = serializers.ChoiceField(ARMS, required=False, help_text="While an experiment runs.")
    classifier = serializers.IntegerField(
        required=False, help_text="While an experiment runs: number of the version that answered this page."
    )
    error = RowErrorSerializer(required=False)


class RunningSerializer(serializers.Serializer[Any]):
    """The experiment that was running when the pages were answered."""

    number = serializers.IntegerField()
    base = serializers.IntegerField(help_text="Number of the version that serves.")
    candidate = serializers.IntegerField(help_text="Number of the other version.")
    candidate_taxonomy = serializers.IntegerField(allow_null=True)
    share = serializers.IntegerField(help_text="Of a hundred sites, so many are the candidate's.")
    shadow = serializers.BooleanField(help_text="The candidate scores too; its answers are not used.")
    arm = serializers.CharField(help_text="As it was asked for; empty: each site its own.")
    problem = serializers.CharField(help_text="Why the candidate answers nothing, or empty.")


class ScoredSerializer(serializers.Serializer[Any]):
    """The answer to a scoring request."""

    classifier = serializers.IntegerField(help_text="Number of the version that serves.")
    taxonomy = serializers.IntegerField()
    profile = serializers.CharField(help_text="Empty for the thresholds of the version.")
    experiment = RunningSerializer(required=False, help_text="While one runs.")
    results = ScoredPageSerializer(many=True)
