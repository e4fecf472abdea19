# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone v3, as far as clients need it: tokens with the catalogue, and the caller's project."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from tests.emulator import errors
from tests.emulator.access import authenticate
from tests.emulator.access_keys import create_temporary
from tests.emulator.calls import Call, Handler, Reply, Route
from tests.emulator.catalog import catalog
from tests.emulator.state import Domain, Project, Token, User, stable_id


def create_token(call: Call) -> Reply:
    """Issue a token for a password or for another token."""
    try:
        auth = call.json()["auth"]
        identity, scope = auth["identity"], auth.get("scope") or {}
        method = identity["methods"][0]
        user = METHODS[method](call, identity[method])
        token = scoped(call, user, scope)
    except (KeyError, IndexError, TypeError, AttributeError, errors.Refused) as error:
        raise refusal(error) from None
    view = {"token": token_view(call, token, method)}
    return Reply(201, view, {"X-Subject-Token": token.id, "Vary": "X-Auth-Token"})


def refusal(error: Exception) -> errors.Refused:
    """Return Keystone's words for a request that could not be read."""
    if isinstance(error, errors.Refused) and error.status == 401:
        return error
    return errors.keystone(400, "Expecting to find valid JSON in request body: auth is malformed.")


def by_password(call: Call, method: dict[str, Any]) -> User:
    """Return the user with that name or id, domain and password."""
    given = method["user"]
    for user in call.state.users.values():
        named = given.get("name") == user.name and names(given.get("domain") or {}, user.domain)
        if (named or given.get("id") == user.id) and given["password"] == call.state.passwords.get(
            user.name, user.password
        ):
            return user
    raise errors.unauthorized()


def by_token(call: Call, method: dict[str, Any]) -> User:
    """Return the user of another token."""
    token = call.state.token(method["id"])
    if token is None:
        raise errors.unauthorized()
    return token.user


def by_agency(call: Call, method: dict[str, Any]) -> User:
    """Return who acts for an agency, to the token of an agent of the domain that it trusts (EVS_API G.4).

    The table of the page calls the agency's field one thing, its example another: both are taken.
    """
    token = call.state.token(call.headers.get("X-Auth-Token", ""))
    if token is None or not token.user.agent:
        raise errors.unauthorized()
    domain = {"name": method.get("domain_name"), "id": method.get("domain_id")}
    name = method.get("xrole_name", method.get("agency_name"))
    for agency in call.state.agencies:
        if agency.name == name and names(domain, agency.user.domain) and agency.delegate == token.user.domain:
            return agency.user
    raise errors.unauthorized()


METHODS = {"password": by_password, "token": by_token, "assume_role": by_agency}


def names(given: dict[str, Any], domain: Domain) -> bool:
    """Tell whether that names the domain."""
    return domain.name == given.get("name") or domain.id == given.get("id")


def scoped(call: Call, user: User, scope: dict[str, Any]) -> Token:
    """Issue a token for the project that the scope names, or one without a project."""
    if "project" not in scope:
        return call.state.issue(user, "", "")
    wanted = scope["project"]
    project = call.state.projects[user.project_id]
    # Projects of IAM are called alike in all accounts: without a domain it is the user's own (EVS_API G.1).
    domain = wanted.get("domain") or {"id": user.domain.id}
    named = wanted.get("name") == project.name and names(domain, project.domain)
    if not named and wanted.get("id") != project.id:
        raise errors.unauthorized()
    return call.state.issue(user, project.id, user.role)


def token_view(call: Call, token: Token, method: str) -> dict[str, Any]:
    """Show a token."""
    view: dict[str, Any] = {
        "methods": [method],
        "user": {
            "id": token.user.id,
            "name": token.user.name,
            "domain": asdict(token.user.domain),
            "password_expires_at": None,
        },
        "audit_ids": [token.id[:22]],
        "issued_at": zulu(token.issued_at),
        "expires_at": zulu(token.expires_at),
    }
    if token.project_id:
        project = call.state.projects[token.project_id]
        view["project"] = {"id": project.id, "name": project.name, "domain": asdict(project.domain)}
        view["is_domain"] = False
        view["roles"] = [{"id": stable_id(token.role).replace("-", ""), "name": token.role}]
        if "nocatalog" not in call.query:
            view["catalog"] = catalog(call.state, project.id)
    return view


def zulu(moment: datetime) -> str:
    """Write a time as Keystone does."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def authenticated(handler: Handler) -> Handler:
    """Let only calls with a valid token through."""

    def guarded(call: Call) -> Reply:
        call.identity = authenticate(call)
        return handler(call)

    return guarded


def project_view(project: Project) -> dict[str, Any]:
    """Show a project."""
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain.id,
        "parent_id": project.domain.id,
        "enabled": True,
        "is_domain": False,
        "description": "",
        "tags": [],
    }


def list_projects(call: Call) -> Reply:
    """List the caller's project, if its name is the one asked for."""
    project = call.state.projects[call.project_id]
    listed = call.query.get("name", project.name) == project.name
    return Reply(200, {"projects": [project_view(project)] if listed else []})


def show_catalog(call: Call) -> Reply:
    """Show the catalogue of the caller's project."""
    return Reply(
        200, {"catalog": catalog(call.state, call.project_id), "links": {"self": f"{call.base}/v3/auth/catalog"}}
    )


def show_project(call: Call) -> Reply:
    """Show the caller's project."""
    if call.params["project"] != call.project_id:
        raise errors.keystone(404, f"Could not find project: {call.params['project']}.")
    return Reply(200, {"project": project_view(call.state.projects[call.project_id])})


def version(call: Call) -> dict[str, Any]:
    """Show the one version of the API."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.base}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


def list_versions(call: Call) -> Reply:
    """List the versions."""
    return Reply(300, {"versions": {"values": [version(call)]}})


def show_version(call: Call) -> Reply:
    """Show version 3."""
    return Reply(200, {"version": version(call)})


ROUTES: list[Route] = [
    ("GET", "/", list_versions),
    ("GET", "/v3", show_version),
    ("GET", "/v3/", show_version),
    ("POST", "/v3/auth/tokens", create_token),
    ("POST", "/v3.0/OS-CREDENTIAL/securitytokens", create_temporary),
    ("GET", "/v3/auth/catalog", authenticated(show_catalog)),
    ("GET", "/v3/auth/projects", authenticated(list_projects)),
    ("GET", "/v3/projects", authenticated(list_projects)),
    ("GET", "/v3/projects/{project}", authenticated(show_project)),
]
