"""API operations with which people say what schools do with each category, and what must not be over-blocked."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput, NotFound
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, narrowed
from learner.evaluation.lens.policy_serializers import (
    PackAddedSerializer,
    PackAddSerializer,
    PackRemoveSerializer,
    PackRuleSerializer,
    PackRuleSetSerializer,
    PackSerializer,
    ProfileRulesSerializer,
    ProfileSetSerializer,
    ProfileVersionSerializer,
)
from learner.evaluation.lens.serializers import SchoolProfileSerializer
from learner.evaluation.lens.services import (
    ProfileDraft,
    pack_add,
    pack_ids,
    pack_remove,
    pack_rule_set,
    profile_set,
    rules_shown,
)
from learner.evaluation.models import ProfileVersion
from learner.evaluation.packs import packs_of
from learner.evaluation.profiles import exceptions_of, profile_latest, profile_versions, profiles_current


class ProfileListView(APIView):
    """The school profiles."""

    @extend_schema(
        operation_id="profile_list",
        responses={200: SchoolProfileSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Those that somebody has set, side by side: what each does with each category, and from which probability."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(SchoolProfileSerializer(profiles_current(access.project), many=True).data)


class ProfileVersionsView(GenericAPIView[ProfileVersion]):
    """The versions of one school profile."""

    serializer_class = ProfileVersionSerializer
    pagination_class = ByIdPagination
    queryset = ProfileVersion.objects.none()

    @extend_schema(
        operation_id="profile_version_list",
        responses={200: ProfileVersionSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, school: str) -> Response:
        """Newest first: who set each, when and why, and the exceptions from CIPA's duty that it makes."""
        access = project_for(caller(request), slug, Can.INSPECT)
        _check_school(school)
        versions = self.paginate_queryset(profile_versions(access.project, school)) or []
        listed = ProfileVersionSerializer(
            versions, many=True, context={"exceptions": exceptions_of(versions)}
        )
        return self.get_paginated_response(narrowed(listed, request).data)


class ProfileRulesView(APIView):
    """The rules of one school profile."""

    @extend_schema(
        operation_id="profile_rules_read",
        responses={200: ProfileRulesSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, school: str) -> Response:
        """What was set last for elementary, middle or high, category by category, to change and set anew."""
        access = project_for(caller(request), slug, Can.INSPECT)
        _check_school(school)
        return Response(_rules(access, school))

    @extend_schema(
        operation_id="profile_set",
        request=ProfileSetSerializer,
        responses={201: ProfileRulesSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str, school: str) -> Response:
        """Set the next version, with one rule for each category. 409 when another was set since `based_on`."""
        access = project_for(caller(request), slug, Can.STEER)
        _check_school(school)
        sent = ProfileSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        _check_whole(access, [draft.category for draft in sent.drafts])
        draft = ProfileDraft(school, sent.drafts, data["pages_a_day"], data["note"], data["based_on"])
        profile_set(access, draft)
        return Response(_rules(access, school), status=201)


class PacksView(APIView):
    """The over-block pack."""

    @extend_schema(
        operation_id="pack_list", responses={200: PackSerializer(many=True), **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every slice with its pages; withheld pages are not shown."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(PackSerializer(packs_of(access.project), many=True).data)

    @extend_schema(
        operation_id="pack_add",
        request=PackAddSerializer,
        responses={200: PackAddedSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Put pages into a slice: an address names a page, a domain up to 200. The next evaluation counts them."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = PackAddSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        ids, unknown = pack_ids(access.project, data["addresses"])
        n = pack_add(access, data["pack"], [*ids, *data["items"]], data["note"])
        return Response(PackAddedSerializer({"n_added": n, "unknown": unknown}).data)


class PackRemoveView(APIView):
    """A page that leaves the pack."""

    @extend_schema(
        operation_id="pack_remove",
        request=PackRemoveSerializer,
        responses={204: None, **ERRORS},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a page out of a slice; that it was in it stays on record. Harmless when it was not."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = PackRemoveSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        pack_remove(access, sent.validated_data["pack"], sent.validated_data["item"])
        return Response(status=204)


class PackRuleView(APIView):
    """What is asked of a slice."""

    @extend_schema(
        operation_id="pack_rule_set",
        request=PackRuleSetSerializer,
        responses={201: PackRuleSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The limit and the quota of a slice from now on. 409 when somebody set others since `based_on`."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = PackRuleSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        row = pack_rule_set(access, given.pop("pack"), **given)
        return Response(PackRuleSerializer(row).data, status=201)


def _check_school(school: str) -> None:
    if school not in ProfileVersion.Name.values:
        raise NotFound(f'There is no profile "{school[:40]}". Use {", ".join(ProfileVersion.Name.values)}.')


def _check_whole(access: Access, categories: list[str]) -> None:
    """Raises BadInput unless there is one rule for each category of the taxonomy: nothing is decided in silence."""
    missing = sorted(set(access.taxonomy.slugs) - set(categories))
    unknown = sorted(set(categories) - set(access.taxonomy.slugs))
    if unknown:
        raise BadInput(f'The taxonomy has no category "{unknown[0][:40]}".')
    if missing:
        raise BadInput(f"Give a rule for each category; there is none for {', '.join(missing)}.")
    if len(categories) != len(set(categories)):
        raise BadInput("Give one rule for each category, and not two.")


def _rules(access: Access, school: str) -> object:
    latest = profile_latest(access.project, school)
    shown = {
        "name": school,
        "number": latest.number if latest else 0,
        "pages_a_day": latest.pages_a_day if latest else None,
        "note": latest.note if latest else "",
        "set_by": latest.set_by.username if latest else None,
        "set_at": latest.set_at if latest else None,
        "rules": rules_shown(access, school, latest),
    }
    return ProfileRulesSerializer(shown).data
