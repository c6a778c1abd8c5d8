"""Projects in the operators' site: settings and members; everything append-only stays out of it."""

from django.contrib import admin

from annotator.projects.models import Membership, Project


class MembershipInline(admin.TabularInline[Membership, Project]):
    """The members of a project."""

    model = Membership
    extra = 0
    autocomplete_fields = ["user"]
    readonly_fields = ["case_holder"]  # named on the members page, where the project's log says by whom


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin[Project]):
    """A project and its members."""

    list_display = ["slug", "name", "created_by", "created_at", "paused"]
    readonly_fields = ["holdout_salt", "holdout_percent", "created_at", "created_by"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: object) -> bool:
        """Projects are made on their own page, with a taxonomy and a guideline."""
        return False

    def has_delete_permission(self, request: object, obj: Project | None = None) -> bool:
        """A project holds append-only rows."""
        return False
