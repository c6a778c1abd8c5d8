"""The API operation on the words that drive each category of a version."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import NotFound
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from annotator.runs import RunStatus
from learner.core.catalogue import PLACES
from learner.training.selectors import classifier_of, driving_of


class DriverSerializer(serializers.Serializer[Any]):
    """One word that speaks for a category; the counts are of labelled pages that were looked at."""

    word = serializers.CharField()
    place = serializers.ChoiceField(choices=PLACES)
    weight = serializers.FloatField(help_text="Logits that it adds alone.")
    positives = serializers.IntegerField(help_text="Pages of the category with the word.")
    of_positives = serializers.IntegerField()
    others = serializers.IntegerField(help_text="Pages without the category that have it.")
    of_others = serializers.IntegerField()
    sites = serializers.IntegerField(help_text="Different sites among the positives.")


class CategoryWordsSerializer(serializers.Serializer[Any]):
    """One category and its words, the most important first."""

    category = serializers.CharField()
    words = DriverSerializer(many=True)


class ClassifierWordsSerializer(serializers.Serializer[Any]):
    """The words of a version, once they were looked for."""

    status = serializers.ChoiceField(choices=RunStatus.choices, help_text="Of the run that looks for them.")
    error = serializers.CharField(allow_blank=True)
    categories = CategoryWordsSerializer(many=True)


class WordsView(APIView):
    """What a version has learned, in words."""

    @extend_schema(
        operation_id="classifier_words",
        responses={200: ClassifierWordsSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The words that drive each category. They are found after a version is published; 404 if nobody looked."""
        version = classifier_of(project_for(caller(request), slug, Can.INSPECT).project, number)
        run = driving_of(version)
        if run is None:
            raise NotFound(
                f"Nobody looked for the words of classifier v{number}: it was made before they were."
            )
        found = [{"category": slug, "words": words} for slug, words in run.result.items()]
        return Response(
            ClassifierWordsSerializer({"status": run.status, "error": run.error, "categories": found}).data
        )
