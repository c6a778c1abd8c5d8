"""The API operation that lists items."""

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from annotator.pool.models import Item
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller
from annotator.projects.ndjson import AFTER, Listed, ListedView, listed_responses
from annotator.review.items.selectors import items_listed, items_settled
from annotator.review.items.serializers import ListedItemFilterSerializer, ListedItemSerializer


class ItemsView(ListedView):
    """The pages of the project."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="item_list",
        parameters=[ListedItemFilterSerializer, AFTER],
        responses=listed_responses(ListedItemSerializer),
        tags=["items"],
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The items of the project, newest first. As NDJSON: all of them, oldest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        query = ListedItemFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        return self.answer_of(
            Listed(
                items_listed(access.project, query.listed()),
                Item.objects.filter(project=access.project),
                ListedItemSerializer,
                settled=items_settled(access.project, timezone.now()),
                context={},
            )
        )
