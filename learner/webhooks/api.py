"""API operations on webhooks, for admins."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.models import User
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.webhooks.models import Delivery, Endpoint
from learner.webhooks.selectors import deliveries_of, delivery_of, endpoint_of, endpoints_of
from learner.webhooks.serializers import (
    DeliverySerializer,
    EndpointSerializer,
    EventsSerializer,
    NewEndpointSerializer,
    SecretSerializer,
)
from learner.webhooks.services import (
    delivery_repeat,
    endpoint_change,
    endpoint_create,
    endpoint_pause,
    endpoint_ping,
    endpoint_remove,
    endpoint_resume,
    endpoint_rotate,
)


class WebhookListView(APIView):
    """The webhooks of a project."""

    @extend_schema(
        operation_id="webhook_list",
        responses={200: EndpointSerializer(many=True), **ERRORS},
        tags=["webhooks"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """All of them, oldest first: at most ten."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        return Response(EndpointSerializer(endpoints_of(access.project), many=True).data)

    @extend_schema(
        operation_id="webhook_create",
        request=NewEndpointSerializer,
        responses={201: SecretSerializer, **errors(400)},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add one; answers with its secret, which is not shown again."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = NewEndpointSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        endpoint, secret = endpoint_create(
            access.project, data["url"], data["events"], by=access.user, note=data["note"]
        )
        return Response(SecretSerializer({"webhook": endpoint, "secret": secret}).data, status=201)


class WebhookView(APIView):
    """One webhook."""

    @extend_schema(
        operation_id="webhook_read", responses={200: EndpointSerializer, **ERRORS}, tags=["webhooks"]
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Where it leads, what it is told of, and how it does."""
        return Response(EndpointSerializer(_endpoint(request, slug, pk)[0]).data)

    @extend_schema(
        operation_id="webhook_change",
        request=EventsSerializer,
        responses={200: EndpointSerializer, **errors(400)},
        tags=["webhooks"],
    )
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Change what it is told of, from now on."""
        endpoint, by = _endpoint(request, slug, pk)
        sent = EventsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        changed = endpoint_change(endpoint, data["events"], by=by, note=data["note"])
        return Response(EndpointSerializer(changed).data)

    @extend_schema(operation_id="webhook_remove", responses={204: None, **ERRORS}, tags=["webhooks"])
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Remove it, its deliveries and their log."""
        endpoint, by = _endpoint(request, slug, pk)
        endpoint_remove(endpoint, by=by)
        return Response(status=204)


class WebhookPingView(APIView):
    """A test of one webhook."""

    @extend_schema(
        operation_id="webhook_ping",
        request=None,
        responses={202: DeliverySerializer, **errors(409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Send a test, once. Read the delivery to see what came of it. 409 while another test waits."""
        endpoint, _ = _endpoint(request, slug, pk)
        return Response(DeliverySerializer(endpoint_ping(endpoint)).data, status=202)


class WebhookPauseView(APIView):
    """The rest of one webhook."""

    @extend_schema(
        operation_id="webhook_pause",
        request=None,
        responses={200: EndpointSerializer, **errors(409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Send nothing for a while; what happens meanwhile waits for up to 30 days. 409 when it is paused."""
        endpoint, by = _endpoint(request, slug, pk)
        endpoint_pause(endpoint, by=by)
        return Response(EndpointSerializer(_endpoint(request, slug, pk)[0]).data)


class WebhookResumeView(APIView):
    """The end of a pause."""

    @extend_schema(
        operation_id="webhook_resume",
        request=None,
        responses={200: EndpointSerializer, **errors(409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Send again, what has waited first. 409 when it is not paused."""
        endpoint, by = _endpoint(request, slug, pk)
        endpoint_resume(endpoint, by=by)
        return Response(EndpointSerializer(_endpoint(request, slug, pk)[0]).data)


class WebhookRotateView(APIView):
    """The next secret of one webhook."""

    @extend_schema(
        operation_id="webhook_rotate",
        request=None,
        responses={200: SecretSerializer, **ERRORS},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """The next secret, shown this once; for 24 hours deliveries are signed with the one before as well."""
        endpoint, by = _endpoint(request, slug, pk)
        secret = endpoint_rotate(endpoint, by=by)
        return Response(SecretSerializer({"webhook": endpoint, "secret": secret}).data)


class DeliveryListView(GenericAPIView[Delivery]):
    """The log of one webhook."""

    serializer_class = DeliverySerializer
    pagination_class = ByIdPagination
    queryset = Delivery.objects.none()

    @extend_schema(
        operation_id="webhook_delivery_list",
        responses={200: DeliverySerializer(many=True), **ERRORS},
        tags=["webhooks"],
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """What was sent in the last 30 days, newest first."""
        endpoint, _ = _endpoint(request, slug, pk)
        return page_of(self, deliveries_of(endpoint), DeliverySerializer)


class DeliveryView(APIView):
    """One delivery."""

    @extend_schema(
        operation_id="webhook_delivery_read", responses={200: DeliverySerializer, **ERRORS}, tags=["webhooks"]
    )
    def get(self, request: Request, slug: str, pk: int, delivery_id: int) -> Response:
        """What was sent, and what was answered."""
        endpoint, _ = _endpoint(request, slug, pk)
        return Response(DeliverySerializer(delivery_of(endpoint, delivery_id)).data)


class DeliveryRepeatView(APIView):
    """One delivery, once more."""

    @extend_schema(
        operation_id="webhook_delivery_repeat",
        request=None,
        responses={202: DeliverySerializer, **errors(409)},
        tags=["webhooks"],
    )
    def post(self, request: Request, slug: str, pk: int, delivery_id: int) -> Response:
        """Send it again, with the same id and body. 409 while it waits to be sent."""
        endpoint, _ = _endpoint(request, slug, pk)
        delivery_repeat(delivery_of(endpoint, delivery_id))
        return Response(DeliverySerializer(delivery_of(endpoint, delivery_id)).data, status=202)


def _endpoint(request: Request, slug: str, pk: int) -> tuple[Endpoint, User]:
    """The endpoint, and the admin who asks."""
    access = project_for(caller(request), slug, Can.CONFIGURE)
    return endpoint_of(access.project, pk), access.user
