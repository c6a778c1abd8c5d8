"""A queue of a million open places and a team of a hundred, or a smaller one, with the history that teams have."""

from dataclasses import dataclass

from django.db import connection

from annotator.accounts.models import User
from annotator.projects.models import Membership, Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from tests.factories import VIOLENCE, make_project


@dataclass(frozen=True)
class Size:
    """Of a queue with three places on each item; the first place of the first items has been judged."""

    items: int = 345_000
    people: int = 100
    veteran: int = 20_000  # items that the first person has judged
    others: int = 100  # items that each of the others has judged


MILLION = Size()

PEOPLE_IN = """
WITH people AS (
    INSERT INTO account (username, password, is_superuser, is_staff, is_active, first_name, last_name, email,
                               date_joined)
    SELECT 'person-' || n, '!', FALSE, FALSE, TRUE, '', '', '', NOW() FROM GENERATE_SERIES(1, %(people)s) n
    RETURNING id
)
INSERT INTO membership (project_id, user_id, role, standing, check_share, case_holder, created_at)
SELECT %(project)s, id, 'annotator', 'qualified', 0, FALSE, NOW() FROM people ORDER BY id
"""

ITEMS_IN = """
INSERT INTO item (project_id, url, url_hash, raw_url, host, registrable_domain, split, pooled, shuffle, source,
                  metadata, created_at)
SELECT %(project)s, 'https://a' || n %% 5000 || '.example/' || n, LPAD(TO_HEX(n), 32, '0')::uuid, '', 'a.example',
       'a' || n %% 5000 || '.example', 'train', FALSE, n, '', '{}', NOW()
FROM GENERATE_SERIES(0, %(items)s - 1) n
"""

# Of an empty table that was analysed the planner knows that reading it all costs nothing.
EVIDENCE_IN = """
INSERT INTO evidence (item_id, version, title, description, text, content_hash)
SELECT id, 1, 'A page', '', 'What it says', url_hash FROM item WHERE shuffle %% 10 = 0
"""

LEDGER_IN = """
WITH opened AS (
    INSERT INTO batch (project_id, number, opened_at, reason, fingerprint, seed, pool_size, fallback, personal,
                       n_items)
    VALUES (%(project)s, 1, NOW(), '', 'f', 1, 1, FALSE, FALSE, %(items)s) RETURNING id
)
INSERT INTO batch_item (batch_id, item_id, rank, stream, strategy, reason, pool_size, seed, severity, expected)
SELECT opened.id, item.id, shuffle, 'explore', 'random', '', 1, 1,
       CASE WHEN shuffle %% 5 = 0 THEN 3 ELSE 0 END,
       CASE WHEN shuffle %% 5 = 0 THEN ARRAY[%(violence)s] ELSE '{}' END
FROM opened, item
"""

# Rank by rank, the first places of the first items have been judged: by the veteran, then by each of the others.
PLACES_IN = """
INSERT INTO assignment (project_id, batch_item_id, item_id, place, priority, state, annotator_id, offered_at,
                        submitted_at, purpose, severity, expected, reading_seconds)
SELECT %(project)s, b.id, b.item_id, place, 4294967296 + place * 1048576 + rank,
       CASE WHEN judge IS NULL THEN 'free' ELSE 'submitted' END, judge, CASE WHEN judge IS NOT NULL THEN NOW() END,
       CASE WHEN judge IS NOT NULL THEN NOW() END, 'overlap', severity, expected, 2
FROM batch_item b, GENERATE_SERIES(1, 3) place, LATERAL (
    SELECT CASE WHEN place = 1 AND rank < %(veteran)s THEN %(first)s
                WHEN place = 1 AND rank < %(veteran)s + (%(people)s - 1) * %(others)s
                THEN %(first)s + 1 + (rank - %(veteran)s) / %(others)s END AS judge
) j
"""

# Or the joins that follow are planned for tables of ten rows, and take minutes.
SIZES_TOLD = "ANALYZE item, batch_item, assignment, membership"

JUDGMENTS_IN = """
INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict, seconds,
                      note, late, taxonomy_id, guideline_id, created_at, purpose, fast)
SELECT project_id, item_id, id, annotator_id, GEN_RANDOM_UUID(), '{games}', '{}', 'labelled', 4, '', FALSE,
       %(taxonomy)s, %(guideline)s, NOW(), 'overlap', FALSE
FROM assignment WHERE state = 'submitted'
"""

# What else such a team leaves behind: skips, lost leases, a day of exposure, opt-outs, personal places.
REST_IN = (
    """
    INSERT INTO skip (item_id, annotator_id, project_id, reason, note, created_at)
    SELECT item.id, m.user_id, %(project)s, 'other', '', NOW()
    FROM membership m JOIN item ON item.shuffle BETWEEN %(items)s - 100 AND %(items)s
    """,
    """
    INSERT INTO lost_lease (assignment_id, annotator_id, lost_at)
    SELECT a.id, m.user_id, NOW()
    FROM membership m JOIN item ON item.shuffle BETWEEN %(items)s - 100 AND %(items)s
    JOIN assignment a ON a.item_id = item.id AND a.place = 1
    """,
    """
    INSERT INTO exposure (annotator_id, minute, points, items)
    SELECT m.user_id, DATE_TRUNC('minute', NOW()) - MAKE_INTERVAL(mins => n * 20), 0.5, 1
    FROM membership m, GENERATE_SERIES(1, 200) n
    """,
    """
    INSERT INTO opt_out (project_id, annotator_id, category)
    SELECT %(project)s, user_id, 'category-' || n FROM membership, GENERATE_SERIES(1, 20) n
    WHERE user_id > %(first)s + 9
    """,
    """
    INSERT INTO assignment (project_id, batch_item_id, item_id, place, priority, state, purpose, for_annotator_id,
                            severity, expected, reading_seconds)
    SELECT %(project)s, b.id, b.item_id, 1, rank, 'free', purpose, m.user_id, 0, '{}', 2
    FROM membership m, batch_item b, UNNEST(ARRAY['gold', 'retest', 'qualification']) purpose
    WHERE rank BETWEEN %(items)s - 300 AND %(items)s - 289 AND m.role = 'annotator'
    """,
    """
    UPDATE assignment SET state = 'offered', annotator_id = m.user_id, offered_at = NOW(),
                          lease_until = NOW() + INTERVAL '10 hours'
    FROM membership m
    WHERE m.role = 'annotator' AND m.user_id > %(first)s + 9
      AND assignment.priority = 4294967296 + 1048576 + %(items)s - 500 + m.user_id - %(first)s
    """,
    """
    INSERT INTO queue_cursor (project_id, annotator_id, benign, returned, fresh)
    SELECT %(project)s, user_id, benign, 0, 0 FROM membership, UNNEST(ARRAY[TRUE, FALSE]) benign
    WHERE user_id > %(first)s + 9
    """,
    "ANALYZE",
)


@dataclass(frozen=True)
class Queue:
    """The project, and its people: the first has judged most, the next nine hold nothing and have no cursor."""

    project: Project
    people: list[User]

    @property
    def veteran(self) -> User:
        return self.people[0]


def make_queue(size: Size = MILLION) -> Queue:
    """A queue of that size; every fifth item is expected to show violence. The million takes 20 seconds."""
    project = make_project(overlap=3)
    parameters: dict[str, int | str] = {
        **vars(size),
        "project": project.pk,
        "violence": VIOLENCE,
        "taxonomy": taxonomy_current(project).version.pk,
        "guideline": guideline_current(project).version.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE_IN, parameters)
        members = Membership.objects.select_related("user").filter(project=project, role="annotator")
        people = [member.user for member in members.order_by("user")]
        parameters["first"] = people[0].pk
        # The checks of foreign keys may be planned already, for tables of ten rows: each would scan a million.
        cursor.execute("SET session_replication_role = replica")
        for statement in (ITEMS_IN, EVIDENCE_IN, LEDGER_IN, PLACES_IN, SIZES_TOLD, JUDGMENTS_IN, *REST_IN):
            cursor.execute(statement, parameters)
        cursor.execute("RESET session_replication_role")
    return Queue(project, people)
