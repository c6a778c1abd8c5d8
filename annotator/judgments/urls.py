"""Addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import care_views, own_views, seat_views, views

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
]
