"""Ingests in the operators' site: to be looked at, never changed."""

from django.contrib import admin

from annotator.pool.models import Ingest


@admin.register(Ingest)
class IngestAdmin(admin.ModelAdmin[Ingest]):
    """Files taken in."""

    list_display = [
        "id",
        "project",
        "filename",
        "status",
        "stage",
        "attempt",
        "rows_added",
        "rows_refused",
        "heartbeat_at",
    ]
    list_filter = ["status", "format"]
    list_select_related = ["project"]

    def has_add_permission(self, request: object) -> bool:
        """Files come in by page, API and command."""
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        """What happened is not edited."""
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """Items name the ingest that brought them."""
        return False
