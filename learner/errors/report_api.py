"""API operations on root-cause reports."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from learner.core.error_reports import PARTS
from learner.errors.models import ErrorReport
from learner.errors.reporting import report_of, report_text, report_versions, reports_newest, reports_of
from learner.errors.serializers import (
    ErrorReportFullSerializer,
    ErrorReportsSerializer,
    ReportBeginSerializer,
    ReportWriteSerializer,
)
from learner.errors.services import report_begin, report_save
from learner.training.selectors import classifier_of

SHOWN: Final = 200


class ReportsView(APIView):
    """Root-cause reports."""

    @extend_schema(
        operation_id="error_report_list", responses={200: ErrorReportsSerializer, **errors()}, tags=["errors"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest 200, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        rows = list(reports_of(access.project)[:SHOWN])
        newest = reports_newest(rows)
        body = {
            "count": reports_of(access.project).count(),
            "results": [{"report": row, "newest": newest[row.pk]} for row in rows],
        }
        return Response(ErrorReportsSerializer(body).data)

    @extend_schema(
        operation_id="error_report_begin",
        request=ReportBeginSerializer,
        responses={201: ErrorReportFullSerializer, **errors(400)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A report on the errors of a version, with the facts of now and nothing written yet."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = ReportBeginSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        version = classifier_of(access.project, data["classifier"])
        report = report_begin(access, version, data["title"], data["category"])
        return Response(_full(report), status=201)


class ReportView(APIView):
    """One root-cause report."""

    @extend_schema(
        operation_id="error_report_read",
        responses={200: ErrorReportFullSerializer, **errors()},
        tags=["errors"],
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Its newest version: what people wrote, the facts as of then, and both as Markdown."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(_full(report_of(access.project, number)))

    @extend_schema(
        operation_id="error_report_write",
        request=ReportWriteSerializer,
        responses={200: ErrorReportFullSerializer, **errors(400, 409)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """The next version, with the facts of now. 409 when somebody saved since `based_on`, or it is finished."""
        access = project_for(caller(request), slug, Can.INSPECT)
        report = report_of(access.project, number)
        sent = ReportWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        written = {part.slug: data[part.slug] for part in PARTS}
        report_save(access, report, written, based_on=data["based_on"], finish=data["finish"])
        return Response(_full(report))


def _full(report: ErrorReport) -> dict[str, Any]:
    versions = report_versions(report)
    body = {"report": report, "newest": versions[0], "markdown": report_text(report, versions)}
    return dict(ErrorReportFullSerializer(body).data)
