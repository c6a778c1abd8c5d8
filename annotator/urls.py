"""Where every page and API operation lives. The learner's are included by name: nothing here imports it."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotator import health

api_v1 = [
    path("", include("annotator.projects.api_urls")),
    path("", include("annotator.pool.api_urls")),
    path("", include("annotator.queue.api_urls")),
    path("", include("annotator.judgments.api_urls")),
    path("", include("annotator.review.api_urls")),
    path("", include("learner.snapshots.api_urls")),
    path("", include("learner.training.api_urls")),
    path("", include("learner.evaluation.api_urls")),
    path("", include("learner.evaluation.release.api_urls")),
    path("", include("learner.evaluation.lens.api_urls")),
    path("", include("learner.evaluation.release.api_urls")),
    path("", include("learner.suspects.api_urls")),
    path("", include("learner.errors.api_urls")),
    path("", include("learner.explorer.api_urls")),
    path("", include("learner.webhooks.api_urls")),
    path("", include("learner.monitoring.api_urls")),
]

urlpatterns = [
    path("", include("annotator.accounts.urls")),
    path("", include("annotator.projects.urls")),
    path("projects/<slug:slug>/", include("annotator.pool.urls")),
    path("projects/<slug:slug>/", include("annotator.queue.urls")),
    path("projects/<slug:slug>/", include("annotator.judgments.urls")),
    path("projects/<slug:slug>/", include("annotator.review.urls")),
    path("projects/<slug:slug>/", include("learner.snapshots.urls")),
    path("projects/<slug:slug>/", include("learner.training.urls")),
    path("projects/<slug:slug>/", include("learner.evaluation.urls")),
    path("projects/<slug:slug>/", include("learner.evaluation.release.urls")),
    path("projects/<slug:slug>/", include("learner.evaluation.lens.urls")),
    path("projects/<slug:slug>/", include("learner.suspects.urls")),
    path("projects/<slug:slug>/", include("learner.errors.urls")),
    path("projects/<slug:slug>/", include("learner.explorer.urls")),
    path("projects/<slug:slug>/", include("learner.webhooks.urls")),
    path("projects/<slug:slug>/", include("learner.monitoring.urls")),
    path("api/v1/", include((api_v1, "api"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("admin/", admin.site.urls),
]

handler400 = "annotator.http.bad_request"
handler403 = "annotator.http.forbidden"
handler404 = "annotator.http.not_found"
handler500 = "annotator.http.server_error"
