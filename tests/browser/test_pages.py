"""Every page in a real Chromium, with rows and without: no error, no overflow, nothing that axe objects to.

Each page is loaded once, judged at 1280 pixels in light, then turned dark and made 390 pixels wide.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from annotator.accounts.models import User
from annotator.judgments.imports.services import ImportUpload, import_create, import_run
from annotator.judgments.models import JudgmentImport
from annotator.pool.erasing import Wanted, evidence_erase, retention_set
from annotator.pool.models import Ingest, IngestReport
from annotator.pool.reporting import report_run
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project
from annotator.queue.places import assignment_claim
from annotator.queue.stopping import page_stop
from annotator.review.models import AdjudicationEntry, Resolution
from learner.core.model_cards.sections import SECTIONS
from learner.errors.models import ClassifierError
from learner.query.models import QueryRun, ShadowRun
from learner.webhooks.models import Endpoint
from tests.conftest import watch
from tests.factories import make_batch, make_items, make_user
from tests.flows.test_access import routes
from tests.pilot import Pilot, make_empty, make_pilot, members

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]
NARROW: Final = 390
AXE: Final = Axe().axe_script
WCAG: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # of what passes nobody reads the thousands of nodes
    "preload": False,  # of style sheets and media of other sites: there are none
}

PAGES: Final = {
    "accounts:sign_in": None,
    "accounts:account": "annie",
    "accounts:password": "annie",
    "projects:home": "ada",
    "projects:create": "ada",
    "projects:guideline": "annie",
    "projects:publish": "lee",
    "projects:guideline_draft": "lee",
    "projects:taxonomy_draft": "lee",
    "projects:settings": "ada",
    "projects:members": "ada",
    "projects:log": "sam",
    "pool:ingests": "sam",
    "pool:ingest": "sam",
    "pool:erasures": "ada",
    "pool:items": "sam",
    "pool:item": "lee",
    "queue:cases": "lee",
    "queue:case": "lee",
    "queue:batches": "sam",
    "queue:batch": "sam",
    "queue:ledger": "sam",
    "judgments:label": "annie",
    "judgments:keys": "annie",
    "judgments:history": "annie",
    "judgments:care": "annie",
    "judgments:edit": "annie",
    "judgments:imports": "lee",
    "judgments:import": "lee",
    "review:overview": "lee",
    "review:outputs": "sam",
    "review:disagreements": "lee",
    "review:disagreement": "lee",
    "review:item_review": "lee",
    "review:alike": "lee",
    "review:spread": "lee",
    "review:bulk_new": "lee",
    "review:bulk": "lee",
    "review:item_question": "lee",
    "review:item_gold": "lee",
    "review:item_clause": "lee",
    "review:questions": "annie",
    "review:question_own": "annie",
    "review:questions_asked": "lee",
    "review:question": "lee",
    "review:adjudications": "lee",
    "review:adjudication": "lee",
    "review:agreement": "lee",
    "review:agreement_items": "lee",
    "review:cited": "lee",
    "review:guideline_draft_impact": "lee",
    "review:policy": "lee",
    "review:taxonomy_draft_impact": "lee",
    "review:changed": "lee",
    "review:rechecks": "lee",
    "review:flags": "lee",
    "review:gold": "lee",
    "review:people": "lee",
    "review:person": "lee",
    "review:own_checks": "annie",
    "learner:queries": "sam",
    "learner:query": "sam",
    "learner:steering": "sam",
    "learner:shadow": "sam",
    "learner:look": "sam",
    "snapshots:snapshots": "sam",
    "snapshots:snapshot": "sam",
    "snapshots:card": "sam",
    "snapshots:card_section": "sam",
    "snapshots:new": "sam",
    "snapshots:differences": "sam",
    "explorer:explorer": "sam",
    "errors:errors": "sam",
    "errors:clusters": "lee",
    "errors:error": "lee",
    "errors:causes": "sam",
    "errors:reports": "sam",
    "errors:report": "sam",
    "suspects:suspects": "lee",
    "evaluation:evaluation": "sam",
    "evaluation:category": "sam",
    "evaluation:profiles": "sam",
    "evaluation:profile": "sam",
    "evaluation:packs": "sam",
    "training:classifiers": "sam",
    "training:audits": "sam",
    "training:curve": "sam",
    "training:classifier": "sam",
    "training:uses": "annie",
    "release:serving": "sam",
    "release:rules": "sam",
    "release:compare": "sam",
    "release:sections": "sam",
    "release:section": "sam",
    "release:card": "sam",
    "release:gate": "sam",
    "release:summary": "sam",
    "monitoring:experiments": "sam",
    "webhooks:webhooks": "ada",
    "webhooks:webhook": "ada",
}
NO_PAGES: Final = {
    "only a POST": {
        "accounts:sign_out", "accounts:token_create", "accounts:token_revoke", "projects:member_end",
        "projects:case_holder", "projects:guideline_draft_change", "projects:guideline_draft_publish",
        "projects:guideline_draft_discard", "projects:taxonomy_draft_change", "projects:taxonomy_draft_publish",
        "projects:taxonomy_draft_discard",
        "judgments:next", "judgments:skip", "judgments:flag", "judgments:stop",
        "judgments:news", "judgments:undo", "judgments:renew", "judgments:release",
        "judgments:import_cancel",
        "review:flag_close", "review:lease", "review:revert", "review:bulk_answer", "review:gold_retire",
        "review:question_close", "review:recheck_cancel", "review:standing", "training:train",
        "training:choose", "training:audits_open", "training:truth", "suspects:answer", "pool:retention",
        "learner:shadow_adopt", "snapshots:cancel",
        "snapshots:annotate", "learner:suggestions", "explorer:save", "explorer:delete", "evaluation:pack_out",
        "errors:search", "errors:batch", "errors:clause", "errors:relook",
        "evaluation:pack_rule", "monitoring:experiment_stop", "monitoring:experiment_promote",
        "monitoring:experiment_pages", "release:back", "release:gate_again", "release:evaluate",
        "webhooks:ping", "webhooks:pause", "webhooks:resume", "webhooks:rotate", "webhooks:remove", "webhooks:repeat",
    },
    "a part of a page": {
        "judgments:last", "judgments:nothing", "judgments:session", "queue:item_ledger", "training:overview_part",
        "training:item_part", "review:questions_count", "snapshots:card_part", "snapshots:ingest_overlap",
    },
    "a file": {
        "pool:refused", "snapshots:download", "snapshots:file", "snapshots:differences_file",
        "judgments:import_refused", "review:output", "snapshots:output", "release:card_file", "errors:report_file",
    },
    "for programs": {"live", "ready", "schema"},
    "drawn by Swagger": {"docs"},
    "goes on to another": {"review:disagreement_next", "explorer:to_snapshot", "evaluation:newest"},
    "tried below": {"queue:case_evidence"},
    "tried in test_release": {"release:comparison"},
    "tried in test_experiments": {"monitoring:experiment"},
}  # fmt: skip
FIRST: Final = {name for name, who in PAGES.items() if who and name not in {
    "pool:ingest", "pool:item", "queue:batch", "queue:case", "judgments:edit", "review:disagreement",
    "judgments:import", "review:item_review", "review:alike", "review:person", "review:spread", "review:bulk_new",
    "review:bulk", "review:adjudication", "snapshots:snapshot", "snapshots:differences", "snapshots:card_section",
    "training:classifier", "evaluation:evaluation", "evaluation:category", "evaluation:profile",
    "release:section", "release:card", "release:gate", "release:summary", "errors:error", "errors:report",
    "webhooks:webhook", "learner:query", "learner:shadow", "learner:look",
    "projects:create", "accounts:account", "accounts:password", "review:item_question", "review:item_gold",
    "review:item_clause", "review:question", "review:question_own",
}}  # fmt: skip


class Visitors:
    """One window for each person, all in one browser; `errors` is what went wrong in any."""

    def __init__(self, browser: Browser, sign_in: SignIn, url: str) -> None:
        self.errors: list[str] = []
        self._browser, self._sign_in, self._url = browser, sign_in, url
        self._pages: dict[str | None, Page] = {}

    def visit(self, who: str | None, path: str) -> Page:
        """The window of `who` at `path`, loaded with its parts, 1280 pixels wide and light."""
        page = self._pages.get(who) or self._open(who)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(self._url + path)
        expect(page.locator(".htmx-request")).to_have_count(0)
        return page

    def close(self) -> None:
        """Leave every page, so that none asks the server for anything any more."""
        for page in self._pages.values():
            page.wait_for_load_state("networkidle")
            page.context.close()

    def _open(self, who: str | None) -> Page:
        context = self._browser.new_context()
        if who:
            self._sign_in(context, who)
        page = self._pages[who] = context.new_page()
        watch(page, self.errors)
        return page


@pytest.fixture
def visitors(browser: Browser, sign_in: SignIn, live_server: Any) -> Iterator[Visitors]:
    visitors = Visitors(browser, sign_in, live_server.url)
    yield visitors
    visitors.close()


@pytest.fixture
def pilot() -> Pilot:
    pilot = make_pilot()
    _see_again(pilot)
    _import(pilot)
    return pilot


def _see_again(pilot: Pilot) -> None:
    """The report on the ingest; then some of its pages come again changed, and one is erased."""
    for report in IngestReport.objects.all():
        report_run(report.pk)
    rows = [f"{item.url},Another page,About something else entirely." for item in pilot.items[:4]]
    upload = Upload("again.csv", io.BytesIO("\n".join(["url,title,text", *rows]).encode()))
    ingest_run(ingest_create(pilot.project, upload, by=pilot.people["ada"]).pk)
    admin = project_for(pilot.people["ada"], pilot.project.slug, Can.CONFIGURE)
    evidence_erase(admin, Wanted(pilot.items[-1].pk), reason="Request 12 of its author")
    retention_set(admin, 365)


def _import(pilot: Pilot) -> None:
    """A file of judgments, read and waiting for its mapping."""
    rows = [
        f"{item.url},{who},Games|Weather" for item in pilot.items[:4] for who in ("ann@example.org", "bob")
    ]
    content = "\n".join(["url,annotator,labels", *rows]).encode()
    upload = ImportUpload("judgments.csv", io.BytesIO(content))
    import_run(import_create(pilot.project, upload, by=pilot.people["lee"]).pk)


def _stop_a_page(project: Project, annotator: User) -> None:
    make_batch(project, make_items(project, 1))
    place = assignment_claim(project, annotator)
    assert place is not None
    page_stop(project_for(annotator, project.slug, Can.LABEL), place.pk)


def addresses(pilot: Pilot) -> dict[str, str]:
    """The address of each page, in the pilot project."""
    values: dict[str, object] = {
        "slug": pilot.project.slug,
        "ingest_id": Ingest.objects.earliest("pk").pk,
        "item_id": pilot.disagreement.item_id,
        "number": 1,
        "section": "licence",
        "category": "games",
        "school": "middle",
        "other": 1,
        "disagreement_id": pilot.disagreement.pk,
        "question_id": pilot.question.pk,
        "judgment_id": pilot.judgment.pk,
        "import_id": JudgmentImport.objects.latest("pk").pk,
        "user_id": pilot.people["cyd"].pk,
        "bulk_id": pilot.bulk.pk,
        "entry_id": AdjudicationEntry.objects.earliest("pk").pk,
        "pattern": pilot.bulk.pattern,
        "query_id": QueryRun.objects.exclude(batch=None).latest("pk").pk,
        "shadow_id": ShadowRun.objects.latest("pk").pk,
        "pk": Endpoint.objects.get().pk,
    }
    of_page: dict[str, dict[str, object]] = {"release:section": {"section": SECTIONS[0].slug}}
    of_page |= {"review:spread": {"item_id": Resolution.objects.exclude(entry=None).earliest("pk").item_id}}
    of_page |= {"errors:error": {"pk": ClassifierError.objects.earliest("pk").pk}}
    keywords = {route.name: route.keywords for route in routes()}
    return {
        name: reverse(name, kwargs={word: (values | of_page.get(name, {}))[word] for word in keywords[name]})
        for name in PAGES
    }


def faults(page: Page) -> list[str]:
    """What is wrong with the page for people, once nothing on it moves or fades any more."""
    page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")
    if not page.evaluate("'axe' in window"):  # it is half a megabyte: once for both shapes
        page.evaluate(AXE)
    violations = page.evaluate(
        "options => axe.run(document, options).then(answer => answer.violations)", WCAG
    )
    found = [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in violations
        for node in rule["nodes"]
    ]
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{too_wide} pixels too wide"] if too_wide > 0 else [])


def faults_in_both_shapes(page: Page) -> list[str]:
    """What is wrong with the page, wide and light, then narrow and dark."""
    wide = faults(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": NARROW, "height": 844})
    # As tall as the page: axe takes what a bar that sticks to the bottom covers just now for out of reach.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": NARROW, "height": height})
    return wide + [f"narrow and dark: {fault}" for fault in faults(page)]


def test_every_address_is_a_page_here_or_says_why_not() -> None:
    named = {route.name for route in routes() if not route.is_api}

    assert named == set(PAGES).union(*NO_PAGES.values())


@pytest.mark.long
def test_every_page_is_without_fault_when_there_are_rows(visitors: Visitors, pilot: Pilot) -> None:
    found, titles = {}, {}
    for name, path in addresses(pilot).items():
        page = visitors.visit(PAGES[name], path)
        titles[name] = page.title()
        found[name] = faults_in_both_shapes(page) + visitors.errors
        visitors.errors.clear()

    assert {name: fault for name, fault in found.items() if fault} == {}
    assert sorted(titles.values()) == sorted(set(titles.values()))


def test_the_evidence_of_a_case_is_without_fault(visitors: Visitors) -> None:
    _stop_a_page(make_empty("pilot", people := members()), people["annie"])

    page = visitors.visit("lee", reverse("queue:case", args=["pilot", 1]))

    page.get_by_role("button", name="Look at the evidence").click()

    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page.get_by_text("[.]example").first).to_be_visible()
    expect(page.get_by_text("Looked at the evidence")).to_be_visible()
    assert faults_in_both_shapes(page) + visitors.errors == []


@pytest.mark.long
def test_every_page_is_without_fault_when_the_project_is_new(visitors: Visitors) -> None:
    make_empty("fresh", members())
    keywords = {route.name: route.keywords for route in routes()}

    found = {}
    for name in FIRST:
        path = reverse(name, kwargs=dict.fromkeys(keywords[name], "fresh"))
        found[name] = faults(visitors.visit(PAGES[name], path)) + visitors.errors
        visitors.errors.clear()

    assert {name: fault for name, fault in found.items() if fault} == {}


def test_every_link_of_the_navigation_leads_somewhere(visitors: Visitors) -> None:
    make_empty("pilot", people := members())

    for who, person in people.items():
        page = visitors.visit(who, reverse("projects:guideline", args=["pilot"]))
        client = Client()
        client.force_login(person)

        links = page.eval_on_selector_all(
            "nav a, header a", "links => links.map(link => link.getAttribute('href'))"
        )

        assert len(links) >= 4, who
        found = {link: client.get(link, follow=True).status_code for link in links}
        assert found == dict.fromkeys(links, 200), who


def test_the_api_is_browsable_under_the_security_policy(visitors: Visitors) -> None:
    make_user("annie")

    page = visitors.visit("annie", reverse("docs"))

    operation = page.locator("#operations-queue-queue_claim")
    expect(page.get_by_text("/api/v1/projects/", exact=True).first).to_be_visible()
    page.mouse.move(400, 400)
    for _ in range(100):  # operations out of sight are not drawn
        if operation.is_visible():
            break
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(50)
    operation.click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
    assert visitors.errors == []


def test_a_missing_page_says_so_in_the_look_of_the_others(visitors: Visitors) -> None:
    make_empty("pilot", members())

    page = visitors.visit("lee", reverse("queue:batch", args=["pilot", 99]))

    expect(page.get_by_role("heading", name="This project has no batch 99.")).to_be_visible()
    assert faults_in_both_shapes(page) == []
    assert all("404" in error for error in visitors.errors)
