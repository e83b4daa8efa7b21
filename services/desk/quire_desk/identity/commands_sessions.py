"""Signing in and out, passwords and one-time links; each function is one transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from quire_desk.identity import rules, store, store_sessions
from quire_desk.identity.commands import announce, name_faults
from quire_desk.identity.schemas import FirstSignInIn, SessionOut
from quire_desk.identity.tables import Person, PersonDetail, SessionRow, SignInLink
from quire_shared.api.problems import Conflict, Fault, Forbidden, Invalid, NotFound, Unauthenticated
from quire_shared.database.work import Work


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun; ``token`` goes into the cookie and nowhere else."""

    token: str
    session: SessionOut


async def prepare_first_link(work: Work) -> str | None:
    """The token of a new link for the first sign-in, None once there is anybody. Older links stop working."""
    await store_sessions.lock_first_start(work.session)
    if await store.anybody(work.session):
        return None
    await store_sessions.use_up_links(work.session, None, work.now)
    token = _new_link(work, None)
    work.audit("identity.first_link_made")
    return token


async def first_sign_in(work: Work, body: FirstSignInIn, password_hash: str) -> NewSession:
    """Make the administrator with the link of the first start. Raises ``Unauthenticated``, ``Conflict``, ``Invalid``."""
    await store_sessions.lock_first_start(work.session)
    if await store.anybody(work.session):
        raise Conflict("The administrator has been made already. Sign in with your user name and password.")
    link = await _usable_link(work, body.token.get_secret_value())
    if link.person_id is not None:
        raise Unauthenticated(_NO_LINK)
    user_name = rules.normal_user_name(body.user_name)
    if faults := name_faults(user_name, body.password.get_secret_value()):
        raise Invalid("The administrator cannot be made like this; each fault is named below.", faults)
    link.used_at = work.now
    roles = await store.roles_by_code(work.session, [rules.ADMINISTRATOR])
    person = work.add(Person(whole_house=True, password_hash=password_hash))
    await work.session.flush()
    work.session.add(PersonDetail(person_id=person.id, user_name=user_name, name=body.name, email=body.email))
    await store.set_roles(work.session, person.id, roles.values())
    await announce(work, person)
    work.audit("identity.first_administrator", person.id)
    return await begin(work, person.id)


async def make_link(work: Work, person_id: UUID) -> tuple[str, datetime]:
    """A link with which a person sets a password. Its maker must have all rights of that person."""
    if await store.person(work.session, person_id, work.actor.units) is None:
        raise NotFound(f"There is no person with the id {person_id}.")
    await work.lock(Person, person_id, "person")
    who = await store.principal(work.session, person_id)
    if who is None:
        raise Conflict("This person is not active and cannot sign in.")
    if missing := rules.beyond(work.actor, who.scopes):
        raise Forbidden("This person has rights that you do not have: " + ", ".join(missing[:10]) + ".")
    if rules.units_beyond(work.actor, who.units is None, who.units or ()):
        raise Forbidden("This person sees more units than you do.")
    await store_sessions.use_up_links(work.session, person_id, work.now)
    token = _new_link(work, person_id)
    work.one_time = True
    work.audit("identity.link_made", person_id)
    return token, work.now + rules.LINK_LIFETIME


async def link_sign_in(work: Work, token: str, password: str, password_hash: str) -> NewSession:
    """Set the password of the link's person and sign in; the person's other sessions end."""
    link = await _usable_link(work, token)
    if link.person_id is None:
        raise Unauthenticated(_NO_LINK)
    person = await work.lock(Person, link.person_id, "person")
    if not person.active:
        raise Unauthenticated("This person is not active any more. Ask an administrator.")
    await _check_password(work, person.id, password)
    link.used_at = work.now
    person.password_hash, person.updated_at = password_hash, work.now
    await store.end_sessions(work.session, person.id)
    work.audit("identity.password_set", person.id, by="link")
    return await begin(work, person.id)


async def count_attempt(work: Work, user_name: str | None, address: str) -> timedelta | None:
    """Count an attempt before it is looked at; answers how long to wait when there were too many.

    What is refused by a narrower count does not reach the next one, so that one address cannot lock a user name for all.
    """
    for kind, subject in _subjects(user_name, address).items():
        throttle = rules.THROTTLES[kind]
        count, start = await store_sessions.count_attempt(work.session, kind, subject, throttle.window, work.now)
        wait = rules.wait_for(throttle, count, start, work.now)
        if wait is not None:
            work.audit("identity.sign_in_slowed")
            return wait
    work.audit("identity.sign_in_tried")
    return None


async def sign_in(work: Work, person_id: UUID, user_name: str, address: str, better_hash: str | None) -> NewSession:
    """Begin a session for somebody whose password fitted."""
    person = await work.lock(Person, person_id, "person")
    if not person.active:
        raise Unauthenticated("User name or password is wrong.")
    if better_hash is not None:
        person.password_hash = better_hash
    await store_sessions.forget_attempts(work.session, "pair", _subjects(user_name, address)["pair"])
    await store_sessions.sweep(work.session, work.now)
    work.audit("identity.signed_in", person_id)
    return await begin(work, person_id)


async def change_password(work: Work, old_fits: bool, new_password: str, password_hash: str, token: str | None) -> None:
    """Change one's own password; all other sessions of the person end."""
    if work.actor.kind != "person":
        raise Forbidden("Only a person has a password.")
    person = await work.lock(Person, UUID(work.actor.id), "person")
    faults = []
    if not old_fits:
        faults.append(Fault(pointer="/old_password", code="wrong", detail="The old password is wrong."))
    if faults:
        raise Invalid("The password was not changed.", faults)
    await _check_password(work, person.id, new_password)
    person.password_hash, person.updated_at = password_hash, work.now
    present = await store_sessions.by_session(work.session, token, work.now) if token else None
    await store.end_sessions(work.session, person.id, but=present.credential_id if present else None)
    work.audit("identity.password_set", person.id, by="person")


async def sign_out(work: Work, token: str) -> None:
    """End this session."""
    person_id = await store_sessions.end(work.session, token)
    work.audit("identity.signed_out", person_id)


async def begin(work: Work, person_id: UUID) -> NewSession:
    """A new session row; answers its token once."""
    token = secrets.token_urlsafe(32)
    row = SessionRow(token_hash=rules.hashed(token), person_id=person_id, created_at=work.now, last_used_at=work.now)
    work.session.add(row)
    await work.session.flush()
    who = await store.principal(work.session, person_id)
    out = await store.person(work.session, person_id)
    if who is None or out is None or out.user_name is None or out.name is None:
        raise Unauthenticated("This person cannot sign in.")
    work.one_time = True
    return NewSession(
        token,
        SessionOut(
            person_id=person_id,
            user_name=out.user_name,
            name=out.name,
            roles=out.roles,
            scopes=sorted(who.scopes),
            unit_ids=out.unit_ids,
            expires_at=rules.session_ends(work.now, work.now),
            csrf_token=rules.csrf_token(token),
        ),
    )


_NO_LINK = (
    "This link is unknown, was used already or is over. Start Quire again, or ask an administrator, for a new one."
)


async def _usable_link(work: Work, token: str) -> SignInLink:
    link = await store_sessions.lock_link(work.session, token)
    if link is None or link.used_at is not None or link.expires_at <= work.now:
        raise Unauthenticated(_NO_LINK)
    return link


async def _check_password(work: Work, person_id: UUID, password: str) -> None:
    detail = await work.session.get(PersonDetail, person_id)
    if words := rules.password_fault(password, detail.user_name if detail else None):
        raise Invalid("The password was not changed.", [Fault(pointer="/password", code="password", detail=words)])


def _new_link(work: Work, person_id: UUID | None) -> str:
    token = secrets.token_urlsafe(32)
    work.session.add(
        SignInLink(
            token_hash=rules.hashed(token),
            person_id=person_id,
            created_at=work.now,
            expires_at=work.now + rules.LINK_LIFETIME,
        )
    )
    return token


def _subjects(user_name: str | None, address: str) -> dict[str, str]:
    if user_name is None:
        return {"address": address}
    return {"address": address, "pair": f"{user_name}\n{address}", "name": user_name}
