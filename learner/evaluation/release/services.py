"""Asking the gate, setting its rules, and promoting a version to serving."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.db import IntegrityError, transaction

from annotator.errors import BadInput, Conflict, Forbidden
from annotator.projects.access import LEADS, Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from learner.core.gate import Line, Rules, Verdict, gate_verdict, priced, rules_dump
from learner.evaluation.models import Evaluation, GateResult, GateRules, Promotion
from learner.evaluation.release.prices import prices_of
from learner.evaluation.release.selectors import (
    GateView,
    gate_latest,
    gate_now,
    gate_view,
    rules_in_force,
)
from learner.evaluation.selectors import evaluation_latest
from learner.evaluation.serving import promotion_current, version_serving
from learner.training.models import ClassifierVersion

REASON_MAX: Final = 1000
NUMBERS_MAX: Final = 2**31 - 1
LATENCY_MAX: Final = 10_000
MEGABYTES_MAX: Final = 10_000
Pricing = Callable[[Evaluation, Sequence[Line]], Mapping[str, str]]
"""What enough evidence would cost, by rule: the planner's answer."""


@dataclass(frozen=True)
class Permit:
    """By which gate result a version may answer, and the exception that somebody signs for it, or empty."""

    gate: GateResult
    exception: str


def gate_ask(evaluation: Evaluation, pricing: Pricing = prices_of) -> GateView:
    """What the gate says of an evaluation by the rules in force: the newest result, or a new one where it differs.

    Two who ask at once may write the same result twice; the newer counts, and says the same.
    """
    project, version = evaluation.project, evaluation.classifier
    asked = rules_in_force(project)
    lines = gate_now(evaluation, asked.rules)
    lines = priced(lines, pricing(evaluation, lines))
    stored = [asdict(line) for line in lines]
    serving = version_serving(project)
    against = serving if serving and serving.pk != version.pk else None
    newest = gate_latest(version)
    said = (evaluation.pk, asked.number, against, stored)
    if newest and said == (newest.row.evaluation_id, newest.row.rules, newest.row.against, newest.row.lines):
        return newest
    row = GateResult.objects.create(
        project=project,
        classifier=version,
        evaluation=evaluation,
        rules=asked.number,
        against=against,
        verdict=gate_verdict(lines),
        lines=stored,
    )
    log_write(project, "gate", f"The gate on classifier v{version.number}: {_summary(lines)}")
    return gate_view(row)


def gate_of(version: ClassifierVersion) -> GateView | None:
    """What the gate says of a version now, by its newest evaluation; None before the first."""
    evaluation = evaluation_latest(version)
    return gate_ask(evaluation) if evaluation else None


def rules_set(access: Access, rules: Rules, *, based_on: int, note: str = "") -> GateRules:
    """The next version of the rules.

    Raises BadInput when they are those in force, Conflict when others were set since version `based_on`.
    """
    asked = rules_in_force(access.project)
    if asked.number != based_on:
        raise _outrun(access.project)
    if rules_dump(asked.rules) == rules_dump(rules):
        raise BadInput("These are the rules in force already. Change something, or leave them.")
    try:
        with transaction.atomic():
            row = GateRules.objects.create(
                project=access.project,
                number=based_on + 1,
                rules=rules_dump(rules),
                note=note,
                created_by=access.user,
            )
            log_write(access.project, "gate", f"{access.user.username} set {row}")
    except IntegrityError as error:
        raise _outrun(access.project) from error
    return row


def promotion_make(
    access: Access, version: ClassifierVersion, *, based_on: int, reason: str, exception: str = ""
) -> Promotion:
    """`version` serves from now on: by a passed gate, or by an exception that a lead or an admin signs.

    1. The gate is asked anew, by the rules of this moment. 2. The row names what it said. 3. The database checks both.
    `based_on` is the number of the promotion that was in force for the person; of two at once the second gets Conflict.
    Raises BadInput without a reason, Conflict without an evaluation or a passed gate, Forbidden for an exception that
    is not theirs to sign.
    """
    reason_check(reason, "why this version is to serve")
    serving = version_serving(access.project)
    if serving is not None and serving.pk == version.pk:
        raise BadInput(f"v{version.number} serves already.")
    permit = permit_of(access, version, exception)
    return _promoted(
        access,
        version,
        based_on=based_on,
        gate=permit.gate,
        reason=reason.strip(),
        exception=permit.exception,
    )


def permit_of(access: Access, version: ClassifierVersion, exception: str) -> Permit:
    """That a version may answer for schools: the gate is asked anew, and passed, or an exception is signed.

    Raises Conflict without an evaluation or a passed gate, Forbidden for an exception that is not theirs to sign.
    """
    gate = gate_of(version)
    if gate is None:
        raise Conflict(f"v{version.number} is not evaluated yet, so no gate can be asked. Evaluate it first.")
    if gate.verdict is Verdict.PASS:
        return Permit(gate.row, "")
    _check_exception(access, gate, exception)
    return Permit(gate.row, exception.strip())


def promotion_back(access: Access, number: int, *, based_on: int) -> Promotion:
    """The version of an earlier promotion serves again. No gate is asked: it served before.

    Raises BadInput for a promotion that there is not or that is in force, Conflict as `promotion_make`.
    """
    earlier = Promotion.objects.filter(project=access.project, number=number).first()
    if earlier is None:
        raise BadInput(f"There is no promotion {number} to go back to.")
    current = promotion_current(access.project)
    if current is not None and current.classifier_id == earlier.classifier_id:
        raise BadInput(f"v{earlier.classifier.number} serves already.")
    left = f" from v{current.classifier.number}" if current else ""
    return _promoted(
        access, earlier.classifier, based_on=based_on, again=earlier, gate=earlier.gate, reason=f"back{left}"
    )


def _promoted(access: Access, version: ClassifierVersion, *, based_on: int, **columns: object) -> Promotion:
    project = access.project
    current = promotion_current(project)
    if (current.number if current else 0) != based_on:
        raise _overtaken(project)
    try:
        with transaction.atomic():
            row = Promotion.objects.create(
                project=project, number=based_on + 1, classifier=version, created_by=access.user, **columns
            )
            signed = f", by an exception: {row.exception}" if row.exception else ""
            said = f"{access.user.username}: classifier v{version.number} serves ({row.reason}){signed}"
            log_write(project, "gate", said)
    except IntegrityError as error:
        if "promotion_number_once" in str(error):
            raise _overtaken(project) from error
        raise Conflict("What the gate says has changed since. Look at it again, then decide.") from error
    return row


def reason_check(text: str, what: str) -> None:
    """Refuse an empty reason, and one that is too long to keep."""
    if not text.strip():
        raise BadInput(f"Say {what}.")
    if len(text) > REASON_MAX:
        raise BadInput(f"The reason has {len(text):,} characters; at most {REASON_MAX:,} are kept.")


def _check_exception(access: Access, gate: GateView, exception: str) -> None:
    if not exception.strip():
        raise Conflict(
            f"The gate says {gate.verdict.words}. A lead or an admin may sign an exception, with a reason.",
            code="gate_not_passed",
            details={"rules": [line.rule for line in gate.lines if line.verdict is not Verdict.PASS]},
        )
    if access.role not in LEADS:
        raise Forbidden("Only a lead or an admin may sign an exception from the gate.")
    reason_check(exception, "why there may be an exception")


def _summary(lines: Sequence[Line]) -> str:
    counted = {verdict: sum(line.verdict is verdict for line in lines) for verdict in Verdict}
    said = ", ".join(f"{n} {verdict.words}" for verdict, n in counted.items() if n)
    return f"{gate_verdict(lines).words} ({said or 'no rule'})"


def _outrun(project: Project) -> Conflict:
    newest = rules_in_force(project).newest
    if newest is None:
        return Conflict("Nobody set rules yet; send 0 as those that you read.")
    return Conflict(
        f"{newest.created_by.username} set {newest} meanwhile. Look at them, then set yours again."
    )


def _overtaken(project: Project) -> Conflict:
    current = promotion_current(project)
    if current is None:
        return Conflict("No version serves yet; send 0 as the promotion that you read.")
    return Conflict(
        f"{current.created_by.username} promoted v{current.classifier.number} meanwhile. Look again, then decide."
    )
