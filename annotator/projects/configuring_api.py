"""API operations with which a project is made and configured: settings, members, and the blueprint it goes by."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.forms.models import model_to_dict
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput, Forbidden
from annotator.projects.access import Can, project_for
from annotator.projects.api import (
    ERRORS,
    ErrorSerializer,
    MembershipSerializer,
    ProjectSerializer,
    caller,
    errors,
)
from annotator.projects.configuring_serializers import (
    BlueprintPublishSerializer,
    BlueprintSerializer,
    CaseHolderSerializer,
    MemberEndSerializer,
    MemberSerializer,
    MemberSetSerializer,
    NewProjectSerializer,
    SettingsChangeSerializer,
    SettingsSerializer,
)
from annotator.projects.form_refusals import form_refusal
from annotator.projects.forms import NewProjectForm, PublishForm, SettingsForm, published_text
from annotator.projects.models import Project, Role
from annotator.projects.selectors import guideline_current, members_of, projects_of, taxonomy_current
from annotator.projects.services import (
    case_holder_set,
    may_create_projects,
    membership_end,
    membership_set,
    project_configure,
    project_create,
    version_publish,
)


class ProjectsView(APIView):
    """The caller's projects."""

    @extend_schema(
        operation_id="project_list",
        responses={200: MembershipSerializer(many=True), 401: ErrorSerializer, 429: ErrorSerializer},
        tags=["projects"],
    )
    def get(self, request: Request) -> Response:
        """Projects that the caller is a member of, with the role."""
        return Response(MembershipSerializer(projects_of(caller(request)), many=True).data)

    @extend_schema(
        operation_id="project_create",
        request=NewProjectSerializer,
        responses={201: ProjectSerializer, **errors(409)},
        tags=["projects"],
    )
    def post(self, request: Request) -> Response:
        """Make a project with the caller as its admin. 409 for a slug that is taken.

        403 without the permission that operators give.
        """
        user = caller(request)
        if not may_create_projects(user):
            raise Forbidden(
                "You may not create projects. Ask an operator for the permission to add projects."
            )
        sent = NewProjectSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        text = sent.validated_data["blueprint"]
        files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict()
        if text.strip():
            files["blueprint"] = SimpleUploadedFile("blueprint.yaml", text.encode())
        form = NewProjectForm(sent.validated_data, files)
        if not form.is_valid():
            raise form_refusal(form)
        project = project_create(form.cleaned_data["drafted"], by=user)
        return Response(ProjectSerializer(project).data, status=201)


class SettingsView(APIView):
    """The settings of the loop."""

    @extend_schema(
        operation_id="settings_read", responses={200: SettingsSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The settings that an admin sets; how the learner chooses stands at `learner-settings/`."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        return Response(SettingsSerializer(access.project).data)

    @extend_schema(
        operation_id="settings_set",
        request=SettingsChangeSerializer,
        responses={200: SettingsSerializer, **ERRORS},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Change the settings that are named; the next tick goes by them. 400 for what does not fit together."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = SettingsChangeSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        if not sent.validated_data:
            raise BadInput(f"Name a setting to change. There are {', '.join(SettingsForm.Meta.fields)}.")
        now = model_to_dict(access.project, fields=SettingsForm.Meta.fields)
        form = SettingsForm(now | sent.validated_data, instance=access.project)
        if not form.is_valid():
            raise form_refusal(form)
        return Response(SettingsSerializer(project_configure(form.instance, by=access.user)).data)


class MembersView(APIView):
    """Who belongs to the project."""

    @extend_schema(
        operation_id="member_list",
        responses={200: MemberSerializer(many=True), **ERRORS},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The members by role and name."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        return Response(MemberSerializer(members_of(access.project), many=True).data)

    @extend_schema(
        operation_id="member_set",
        request=MemberSetSerializer,
        responses={200: MemberSerializer, **errors(409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Give an account a role, whether or not it is a member already. 409 for the last admin."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = MemberSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        membership = membership_set(access.project, data["username"], Role(data["role"]), by=access.user)
        return Response(MemberSerializer(membership).data)


class MemberEndView(APIView):
    """The end of a membership."""

    @extend_schema(
        operation_id="member_end",
        request=MemberEndSerializer,
        responses={204: None, **errors(409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take somebody out of the project; their judgments stay. 409 for the last admin."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = MemberEndSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        membership_end(access.project, sent.validated_data["username"], by=access.user)
        return Response(status=204)


class CaseHolderView(APIView):
    """Who may open restricted cases."""

    @extend_schema(
        operation_id="case_holder_set",
        request=CaseHolderSerializer,
        responses={204: None, **ERRORS},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Name a member as a case holder, or end that; the log says who did."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = CaseHolderSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        case_holder_set(access.project, data["username"], holds=data["holds"], by=access.user)
        return Response(status=204)


class BlueprintView(APIView):
    """The taxonomy and the guideline as one text."""

    @extend_schema(
        operation_id="blueprint_read", responses={200: BlueprintSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What is published now, to change and publish as a whole."""
        return Response(_blueprint(project_for(caller(request), slug, Can.GUIDE).project))

    @extend_schema(
        operation_id="blueprint_publish",
        request=BlueprintPublishSerializer,
        responses={201: BlueprintSerializer, **ERRORS},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Publish what differs: the next taxonomy, the next guideline, or both. 400 names each line that cannot be."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = BlueprintPublishSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        form = PublishForm(sent.validated_data, project=access.project)
        if not form.is_valid():
            raise form_refusal(form)
        version_publish(
            access.project, form.cleaned_data["text"], by=access.user, note=form.cleaned_data["note"]
        )
        return Response(_blueprint(access.project), status=201)


def _blueprint(project: Project) -> dict[str, Any]:
    taxonomy, guideline = taxonomy_current(project), guideline_current(project)
    shown = {
        "taxonomy": taxonomy.version.number,
        "guideline": guideline.version.number,
        "text": published_text(taxonomy, guideline),
    }
    return BlueprintSerializer(shown).data
