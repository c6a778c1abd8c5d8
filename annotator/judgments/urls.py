"""Addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import care_views, own_views, seat_views, views
from annotator.judgments.imports import views as import_views

app_name = "judgments"
urlpatterns: list[URLPattern] = [
    path("label/", views.label, name="label"),
    path("label/next/", views.label_next, name="next"),
    path("label/skip/", views.skip, name="skip"),
    path("label/flag/", views.flag, name="flag"),
    path("label/stop/", views.stop, name="stop"),
    path("label/undo/", views.undo, name="undo"),
    path("label/renew/", views.renew, name="renew"),
    path("label/release/", views.release, name="release"),
    path("label/keys/", seat_views.keys, name="keys"),
    path("label/care/", care_views.care, name="care"),
    path("label/nothing/", care_views.nothing, name="nothing"),
    path("label/session/", seat_views.session, name="session"),
    path("label/last/", own_views.last, name="last"),
    path("label/news/", own_views.news_seen, name="news"),
    path("judgments/", own_views.history, name="history"),
    path("judgments/<int:judgment_id>/", own_views.edit, name="edit"),
    path("imports/", import_views.imports, name="imports"),
    path("imports/<int:import_id>/", import_views.one_import, name="import"),
    path("imports/<int:import_id>/cancel/", import_views.cancel, name="import_cancel"),
    path("imports/<int:import_id>/refused/", import_views.refused, name="import_refused"),
]
