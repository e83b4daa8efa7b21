"""ORDRSP and OSTRPT → quantities per outcome (EDItEUR L.3; code lists 8B, 12B and its older twin 1B).

A response line is not one state but a set of quantities: five despatched, two back-ordered, one canceled. What no
quantity tells is taken from the coded status, then from the line's action.
"""

from decimal import Decimal

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.syntax.model import Message

from .body import Body
from .common import finish, head, place_of, plain, resolve_prices, resolve_quantity
from .model import ClaimReport, OrderResponse
from .parts import Line, Note, Outcome


def read_response(message: Message, profile: Profile) -> OrderResponse:
    """ORDRSP → OrderResponse with `Line.outcomes`."""
    body = Body(message, profile)
    resolve_prices(body)
    resolve_quantity(body, "ordered", "discrete")
    for line in body.lines:
        line.outcomes = outcomes(line, profile, body)
    return finish(OrderResponse.model_construct(**head(body), kind="order_response"), body)


def read_report(message: Message, profile: Profile) -> ClaimReport:
    """OSTRPT → ClaimReport; the answer to a claim stands in `Line.outcomes`, `Line.statuses` and `Line.notes`."""
    body = Body(message, profile)
    resolve_quantity(body, "ordered", "discrete")
    for line in body.lines:
        line.outcomes = outcomes(line, profile, body)
    return finish(ClaimReport.model_construct(**head(body), kind="claim_report"), body)


def outcomes(line: Line, profile: Profile, body: Body) -> list[Outcome]:
    """What becomes of the line's copies, by the profile's tables."""
    rules = profile.response
    ordered = line.quantity
    status = _status(line, profile, body)
    found = [
        Outcome(rules.quantities[entry.qualifier], entry.value, entry.qualifier, "QTY", "", entry.at)
        for entry in line.quantities
        if entry.qualifier in rules.quantities and entry.value
    ]
    for entry in found:
        if status is not None and (status.outcome in (entry.outcome, "accepted", "unknown")):
            entry.code, entry.list, entry.text = status.code, status.list, status.text
    if not found:
        if status is not None:
            status.quantity = ordered
            return [status]
        whole = _HEADER.get(profile.meanings.functions.get(body.function_code, ""))
        if whole is not None and not _answers(line, profile):
            at = next(segment.index for segment in body.message.segments if segment.tag == "BGM")
            return [Outcome(whole, ordered, body.function_code, "1225", "", at)]
        if not line.statuses:
            _flag(body, line, line.action)
        return [Outcome("unknown", ordered, line.action, "", "", line.at)]
    answered = sum((entry.quantity for entry in found if entry.quantity is not None), Decimal(0))
    if ordered is not None and answered != ordered:
        rest = ordered - answered
        told = {entry.outcome for entry in found}
        if rest > 0 and status is not None and status.outcome not in told | {"accepted", "unknown"}:
            status.quantity = rest
            found.append(status)
        else:
            body.flags.add(
                "RESPONSE_QUANTITIES",
                place_of(body, line.at),
                line=line.number,
                ordered=plain(ordered),
                answered=plain(answered),
            )
    _check_conflict(line, found, status, body)
    return found


_HEADER: dict[str, str] = {"accepted": "accepted", "not_accepted": "refused"}
"""What the header's function (BGM 1225) says of lines that say nothing themselves."""


def _answers(line: Line, profile: Profile) -> bool:
    """Whether the line says anything of its own about its outcome, even if nobody understands it."""
    rules = profile.response
    coded = any(rules.lists.get(note.list) in ("order_status", "availability") for note in line.notes)
    counted = any(entry.qualifier in rules.quantities for entry in line.quantities)
    return bool(line.action or coded or counted or line.statuses)


def _check_conflict(line: Line, found: list[Outcome], status: Outcome | None, body: Body) -> None:
    """Copies that are shipped beside a status that refuses the whole line: a person must know of the contradiction.

    Back-ordered copies are none: some partners mark such lines as canceled in LIN on purpose.
    """
    told = {entry.outcome for entry in found}
    if (
        status is not None
        and status.outcome in ("cancelled", "refused")
        and "shipped" in told
        and not told & {"cancelled", "refused"}
    ):
        body.flags.add(
            "RESPONSE_CONFLICT",
            place_of(body, status.at),
            line=line.number,
            value=status.code,
            status=status.outcome,
            told=", ".join(sorted(told)),
        )


def _status(line: Line, profile: Profile, body: Body) -> Outcome | None:
    """The outcome that codes tell: line status (12B, 1B), a refusing or changing action, availability, the action."""
    rules = profile.response
    action = rules.actions.get(line.action)
    available: Outcome | None = None
    for note in line.notes:
        kind = rules.lists.get(note.list, "")
        if kind == "order_status":
            known = rules.order_status.get(note.code)
            if known is not None:
                return _outcome(known, note, profile)
            _flag(body, line, note.code)
        elif kind == "availability":
            known = rules.availability.get(note.code)
            if known is None:
                _flag(body, line, note.code)
            elif available is None:
                available = _outcome(known, note, profile)
    substituted = any(entry.role in ("substitute", "substituted_by") for entry in line.identifiers)
    if action in ("cancelled", "refused") or (action == "changed" and available is None):
        return Outcome(action, None, available.code if available else line.action,
                       available.list if available else "1229", available.text if available else "", line.at)  # fmt: skip
    if substituted:
        return Outcome("changed", None, available.code if available else line.action,
                       available.list if available else "1229", "a substitute is offered", line.at)  # fmt: skip
    if available is not None:
        return available
    if action is not None:
        return Outcome(action, None, line.action, "1229", "", line.at)
    return None


def _outcome(outcome: str, note: Note, profile: Profile) -> Outcome:
    text = note.text or profile.response.texts.get(note.code, "")
    return Outcome(outcome, None, note.code, note.list, text, note.at)


def _flag(body: Body, line: Line, code: str) -> None:
    what = "it states neither a status nor an action"
    if code:
        what = f"the answer {code!r} has no meaning in the profile {body.profile.profile}"
    body.flags.add("OUTCOME_UNKNOWN", place_of(body, line.at), line=line.number, what=what)
