"""The OAuth endpoints. HubSpot: Manage OAuth access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.tokens import Grant

Form = Mapping[str, str]
_HUB_DOMAIN = "www.example.com"


class OAuthStatus(StrEnum):
    """The `status` of an OAuth error body."""

    BAD_CODE = "BAD_AUTH_CODE"
    BAD_REFRESH_TOKEN = "BAD_REFRESH_TOKEN"
    BAD_CLIENT_ID = "BAD_CLIENT_ID"
    BAD_CLIENT_SECRET = "BAD_CLIENT_SECRET"
    BAD_REDIRECT = "BAD_REDIRECT_URI"
    BAD_GRANT_TYPE = "BAD_GRANT_TYPE"
    BAD_SCOPES = "BAD_SCOPES"


_ERRORS = {
    OAuthStatus.BAD_CODE: ("invalid_grant", "missing or unknown auth code"),
    OAuthStatus.BAD_REFRESH_TOKEN: ("invalid_grant", "missing or invalid refresh token"),
    OAuthStatus.BAD_CLIENT_ID: ("invalid_client", "missing or invalid client id"),
    OAuthStatus.BAD_CLIENT_SECRET: ("invalid_client", "missing or invalid client secret"),
    OAuthStatus.BAD_REDIRECT: ("invalid_request", "redirect URI is not registered for this app"),
    OAuthStatus.BAD_GRANT_TYPE: ("unsupported_grant_type", "missing or unknown grant type"),
    OAuthStatus.BAD_SCOPES: ("invalid_scope", "the scopes do not match those of the app"),
}


def refused(status: OAuthStatus) -> Reply:
    """An OAuth error."""
    error, description = _ERRORS[status]
    body = {"status": str(status), "message": description, "error": error, "error_description": description}
    return Reply(400, body)


def authorize(sandbox: Sandbox, query: Form) -> Reply:
    """The consent page, with an administrator who says yes at once: redirects back with a code."""
    app = _app(sandbox, query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    if app is None:
        return refused(OAuthStatus.BAD_CLIENT_ID)
    if redirect_uri not in app.redirect_urls:
        return refused(OAuthStatus.BAD_REDIRECT)
    scopes = set(query.get("scope", "").split()) | set(query.get("optional_scope", "").split())
    if not scopes or not scopes <= set(app.scopes):
        return refused(OAuthStatus.BAD_SCOPES)
    portal = _chosen_portal(sandbox, query.get("portalId", ""))
    code = sandbox.tokens.new_code(sandbox.install(app, portal, scopes), redirect_uri)
    answer = urlencode({"code": code, **({"state": query["state"]} if "state" in query else {})})
    return Reply(302, None, {"Location": f"{redirect_uri}?{answer}"})


def token(sandbox: Sandbox, form: Form) -> Reply:
    """Exchange a code or a refresh token for an access token."""
    problem = _client_problem(sandbox, form)
    if problem is not None:
        return refused(problem)
    if form.get("grant_type") == "authorization_code":
        grant = sandbox.tokens.take_code(form.get("code", ""), form.get("redirect_uri", ""))
        if grant is None:
            return refused(OAuthStatus.BAD_CODE)
        return _tokens(sandbox, grant, sandbox.tokens.new_refresh_token(grant))
    if form.get("grant_type") == "refresh_token":
        refresh_token = form.get("refresh_token", "")
        grant = sandbox.tokens.refresh_grant(refresh_token)
        if grant is None or grant.app.client_id != form.get("client_id"):
            return refused(OAuthStatus.BAD_REFRESH_TOKEN)
        return _tokens(sandbox, grant, refresh_token)
    return refused(OAuthStatus.BAD_GRANT_TYPE)


def introspect(sandbox: Sandbox, form: Form) -> Reply:
    """What a token stands for."""
    problem = _client_problem(sandbox, form)
    if problem is not None:
        return refused(problem)
    asked = form.get("token", "")
    if form.get("token_type_hint") == "refresh_token":
        grant = sandbox.tokens.refresh_grant(asked)
        return Reply(200, _described(sandbox, grant, asked, "refresh_token") if grant else {"active": False})
    grant = sandbox.tokens.access_grant(asked)
    return Reply(200, _access_described(sandbox, grant, asked) if grant else {"active": False})


def revoke(sandbox: Sandbox, form: Form) -> Reply:
    """End a refresh token; access tokens made from it live on to their end."""
    problem = _client_problem(sandbox, form)
    if problem is not None:
        return refused(problem)
    sandbox.tokens.revoke(form.get("token", ""))
    return Reply(204)


def legacy_access_token(sandbox: Sandbox, asked: str) -> Reply:
    """What an access token stands for, in the v1 form."""
    grant = sandbox.tokens.access_grant(asked)
    if grant is None or not sandbox.tokens.seconds_left(grant):
        return Reply(404, {"status": "error", "message": "Not a valid access token", "category": "VALIDATION_ERROR"})
    body = {
        "token": asked,
        "user": _user_email(sandbox, grant),
        "hub_domain": _HUB_DOMAIN,
        "scopes": sorted(grant.scopes),
        "hub_id": grant.portal_id,
        "app_id": grant.app.app_id,
        "expires_in": sandbox.tokens.seconds_left(grant),
        "user_id": grant.user_id,
        "token_type": "access",
        "scope_to_scope_group_pks": [],
        "trial_scope_to_scope_group_pks": [],
        "trial_scopes": [],
    }
    return Reply(200, body)


def legacy_refresh_token(sandbox: Sandbox, asked: str) -> Reply:
    """What a refresh token stands for, in the v1 form."""
    grant = sandbox.tokens.refresh_grant(asked)
    if grant is None:
        return Reply(404, {"status": "error", "message": "Not a valid refresh token", "category": "VALIDATION_ERROR"})
    body = {
        "token": asked,
        "user": _user_email(sandbox, grant),
        "hub_domain": _HUB_DOMAIN,
        "scopes": sorted(grant.scopes),
        "hub_id": grant.portal_id,
        "client_id": grant.app.client_id,
        "user_id": grant.user_id,
        "token_type": "refresh",
    }
    return Reply(200, body)


def legacy_revoke(sandbox: Sandbox, asked: str) -> Reply:
    """End a refresh token, in the v1 form."""
    sandbox.tokens.revoke(asked)
    return Reply(204)


def _chosen_portal(sandbox: Sandbox, asked: str) -> Portal:
    """The portal that the installer chose; the first one when the URL names none."""
    first = next(iter(sandbox.portals.values()))
    return sandbox.portals.get(int(asked), first) if asked.isdecimal() else first


def _app(sandbox: Sandbox, client_id: str) -> App | None:
    return next((app for app in sandbox.apps.values() if app.client_id == client_id), None)


def _client_problem(sandbox: Sandbox, form: Form) -> OAuthStatus | None:
    app = _app(sandbox, form.get("client_id", ""))
    if app is None:
        return OAuthStatus.BAD_CLIENT_ID
    return None if form.get("client_secret") == app.client_secret else OAuthStatus.BAD_CLIENT_SECRET


def _tokens(sandbox: Sandbox, grant: Grant, refresh_token: str) -> Reply:
    body = {
        "token_type": "bearer",
        "token_use": "access_token",
        "access_token": sandbox.tokens.new_access_token(grant),
        "refresh_token": refresh_token,
        "expires_in": sandbox.tokens.life,
        "hub_id": grant.portal_id,
        "user_id": grant.user_id,
        "scopes": sorted(grant.scopes),
    }
    return Reply(200, body)


def _described(sandbox: Sandbox, grant: Grant, asked: str, use: str) -> dict[str, Any]:
    return {
        "active": True,
        "token": asked,
        "token_use": use,
        "token_type": "bearer",
        "hub_id": grant.portal_id,
        "hub_domain": _HUB_DOMAIN,
        "user_id": grant.user_id,
        "user": _user_email(sandbox, grant),
        "app_id": grant.app.app_id,
        "client_id": grant.app.client_id,
        "scopes": sorted(grant.scopes),
    }


def _access_described(sandbox: Sandbox, grant: Grant, asked: str) -> dict[str, Any]:
    left = sandbox.tokens.seconds_left(grant)
    described = _described(sandbox, grant, asked, "access_token")
    return {
        **described,
        "active": left > 0,
        "expires_in": left,
        "is_private_distribution": False,
        "signed_access_token": _signed(sandbox, grant, left),
    }


def _signed(sandbox: Sandbox, grant: Grant, left: int) -> dict[str, Any]:
    return {
        "appId": grant.app.app_id,
        "appInstallId": f"{grant.app.app_id}-{grant.portal_id}",
        "audience": "",
        "expiresAt": round(sandbox.clock.now().timestamp() * 1000) + left * 1000,
        "hubId": grant.portal_id,
        "hublet": "eu1",
        "installingUserId": grant.user_id,
        "isPrivateDistribution": False,
        "isServiceAccount": False,
        "isUserLevel": False,
        "newSignature": "",
        "scopeToScopeGroupPks": "",
        "scopes": " ".join(sorted(grant.scopes)),
        "signature": "",
        "trialScopeToScopeGroupPks": "",
        "trialScopes": "",
        "userId": grant.user_id,
    }


def _user_email(sandbox: Sandbox, grant: Grant) -> str:
    owners = sandbox.portals[grant.portal_id].crm.owners
    return next((owner.email for owner in owners if owner.user_id == grant.user_id), "")
