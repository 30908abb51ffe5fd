"""Sign in with the one-time link or an API key, and sign out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from application.access.gate import audit, caller_of
from application.access.roles import Caller
from application.access.sessions import COOKIE, LIFETIME
from application.api.openapi import problems
from application.api.routes.common import parts_of, router_for
from application.api.shapes.service import Session, SignIn
from application.errors import NotAuthenticated

public = APIRouter(tags=["session"])
viewer = router_for("viewer", "session")
ROUTERS = (public, viewer)
_REFUSED = problems(s401="The link or key is not valid.", s429="Too many failed attempts from this address.")


@public.get("/login", status_code=303, response_class=RedirectResponse, responses=_REFUSED)
def login(request: Request, token: Annotated[str, Query(max_length=200)]) -> Response:
    """Start a session with the one-time link and redirect to the page, which says so when the link was already used."""
    try:
        caller = parts_of(request).gate.sign_in_with_link(request, token)
    except NotAuthenticated:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return RedirectResponse("/?link=used", 303)
    response = RedirectResponse("/", 303)
    _begin(request, response, caller)
    return response


@public.post("/session", responses=_REFUSED)
def sign_in(request: Request, response: Response, body: SignIn) -> Session:
    """Exchange an API key for a session cookie."""
    gate = parts_of(request).gate
    caller = gate.sign_in_with_key(request, body.key)
    cookie = _begin(request, response, caller)
    return Session(name=caller.name, role=caller.role, csrf=gate.sessions.csrf(cookie))


@viewer.get("/session")
def session(request: Request) -> Session:
    """Who is signed in, and the token that the page sends with every change."""
    caller, cookie = caller_of(request), request.cookies.get(COOKIE, "")
    by_cookie = cookie and "authorization" not in request.headers
    csrf = parts_of(request).gate.sessions.csrf(cookie) if by_cookie else None
    return Session(name=caller.name, role=caller.role, csrf=csrf)


@viewer.delete("/session", status_code=204)
def sign_out(request: Request, response: Response) -> None:
    """Delete the session's cookie; where the session began with the one-time link, `wafer serve` prints a new one."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    audit(request, "session.end")
    link = parts_of(request).gate.link
    if link and not caller_of(request).key_id:
        link.renew()


def _begin(request: Request, response: Response, caller: Caller) -> str:
    cookie = parts_of(request).gate.sessions.begin(caller)
    response.set_cookie(
        COOKIE, cookie, max_age=LIFETIME, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    request.state.caller = caller
    audit(request, "session.begin")
    return cookie
