"""Whether this process lives, and whether it can serve: asked by the supervisor, compose and load balancers."""

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL answers. Redis is not asked: labelling goes on without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return JsonResponse({"status": "no database", "error": str(error).split("\n")[0]}, status=503)
    return JsonResponse({"status": "ready"})
