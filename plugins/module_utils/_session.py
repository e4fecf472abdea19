# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""A logged-in project: its token, its catalogue, and requests under the rules for retries.

A GET or DELETE may be sent again.  A POST is sent again only when the server surely did not act:
the connection was refused, or it answered 429.  Any other POST whose answer does not arrive raises
AnswerLost, and it is the caller who looks what happened.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._answers import api_error, decode, retry_after
from ansible_collections.otc.evs.plugins.module_utils._backoff import Backoff
from ansible_collections.otc.evs.plugins.module_utils._credentials import credentials
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    EvsError,
    LoginError,
    MalformedAnswer,
    Unreachable,
)
from ansible_collections.otc.evs.plugins.module_utils._model import Secret
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions

try:
    import requests
    from keystoneauth1 import exceptions as ks_exceptions
    from keystoneauth1.identity.generic.base import BaseGenericPlugin
    from keystoneauth1.session import Session as KeystoneSession
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import NewConnectionError
except ImportError:  # reported by the module frame
    pass

USER_AGENT = "ansible-otc.evs"
PAGE = 1000
"""The most that EVS gives in a page; other clouds may give less."""
MOST_ATTEMPTS = 5
"""For failures that are not throttling: those end by themselves soon, or not at all."""

CATALOGUE_TYPES: Mapping[str, tuple[str, ...]] = {
    "evs": ("volumev2", "evs", "volumev3", "block-storage"),
    "cbr": ("cbr",),
    "sdrs": ("sdrs",),
    "vbs": ("vbsv2", "vbs"),
}
VERSION_WITHOUT_ONE = {"evs": "v2", "cbr": "v3", "sdrs": "v1", "vbs": "v2"}
"""Which API version is meant by an endpoint given as host only."""
OVERRIDE_TYPES = {"evs": "block-storage"}
"""Under which service type clouds.yaml overrides an endpoint, where that is not the service's name."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """A tenant."""

    id: str
    name: str
    region_name: str | None

    @property
    def label(self) -> str:
        """How messages call the project."""
        return f"{self.name} ({self.id})"


def _with(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Puts the token on a request; also keeps requests from sending what it finds in a .netrc."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Auth-Token"] = token
        return request

    return authorize


class Session:
    """One project of one cloud, logged in; safe to use from several threads."""

    def __init__(self, options: LoginOptions, concurrency: int) -> None:
        found = credentials(options)
        self._timeout = options.timeout
        self._overrides = options.endpoints
        self._credentials = found
        self._backoff = Backoff()
        self._renewal = threading.Lock()
        self._http = _http(concurrency)
        self._keystone = KeystoneSession(
            session=self._http,
            verify=found.verify,
            cert=found.cert,
            timeout=found.api_timeout,
            redirect=False,
            user_agent=USER_AGENT,
        )
        self._plugin = _versioned(found.plugin, self._keystone)
        self._access = self._login()
        if not self._access.project_id:
            raise LoginError(
                f"The token got with {found.origin} is not scoped to a project, so no disk belongs to it. "
                "Give project_id, or project_name and its domain."
            )
        self.project = Project(self._access.project_id, self._access.project_name or "", found.region_name)

    def client(self, service: str) -> Client | None:
        """The client of `evs`, `cbr`, `sdrs` or `vbs`; None if the catalogue does not list it."""
        override = self._overrides.get(service) or self._credentials.endpoint_of(OVERRIDE_TYPES.get(service, service))
        url = _complete(override, service, self.project.id) if override else self._catalogued(service)
        return Client(self, url) if url else None

    def required_client(self, service: str) -> Client:
        """The same, but a missing one is an error."""
        client = self.client(service)
        if client is None:
            listed = sorted({entry.get("type", "?") for entry in self._access.service_catalog.catalog})
            raise LoginError(
                f"The catalogue of project {self.project.label} has no {' or '.join(CATALOGUE_TYPES[service])} "
                f"with interface {self._credentials.interface} in region {self._credentials.region_name or 'any'}; "
                f"it lists {', '.join(listed) or 'nothing'}. "
                f"Check region_name and interface, or give the URL in endpoints: {{{service}: ...}}."
            )
        return client

    def send(
        self, method: str, url: str, params: Mapping[str, Any] | None, body: Json | None, secret: Secret | None
    ) -> Json:
        """Send one request and return the decoded answer; see the module's rules for when it is repeated."""
        data = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + self._timeout
        renewed = False
        attempt = 0
        while True:
            self._backoff.wait()
            token = self._token()
            failure, wait, throttled = self._try(method, url, params, data, token, secret)
            if not isinstance(failure, EvsError):
                return failure
            if getattr(failure, "status", None) == 401 and not renewed:
                renewed = True
                self._renew(token)
                continue
            attempt += 1
            patient = throttled or (_repeatable(method, failure) and attempt < MOST_ATTEMPTS)
            if not patient or not self._backoff.delay(attempt, wait, deadline):
                raise failure

    def _try(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        data: bytes | None,
        token: str,
        secret: Secret | None,
    ) -> tuple[Json | EvsError, float | None, bool]:
        """One attempt: the answer or the error, what Retry-After says, and whether it was throttled."""
        where = f"{method} {url}"
        try:
            response = self._http.request(
                method,
                url,
                params=params,
                data=data,
                auth=_with(token),
                timeout=self._credentials.api_timeout,
                allow_redirects=False,
                # Not on the session: there, REQUESTS_CA_BUNDLE would overrule ca_cert.
                verify=self._credentials.verify,
                cert=self._credentials.cert,
            )
        except requests.exceptions.SSLError as error:
            return _untrusted(url, error), None, False
        except requests.exceptions.RequestException as error:
            return _connection_error(where, error), None, False
        if response.status_code >= 300:
            return api_error(where, response, secret), retry_after(response), response.status_code == 429
        try:
            return decode(where, response), None, False
        except MalformedAnswer as error:
            return AnswerLost(error.message), None, False

    def _token(self) -> str:
        return self._call_keystone(lambda: self._keystone.get_token(self._plugin)) or ""

    def _renew(self, rejected: str) -> None:
        """Log in again, once, however many threads had the same token rejected."""
        with self._renewal:
            if self._token() == rejected:
                self._plugin.invalidate()

    def _login(self) -> Any:
        return self._call_keystone(lambda: self._plugin.get_access(self._keystone))

    def _call_keystone(self, call: Any) -> Any:
        deadline = time.monotonic() + self._timeout
        attempt = 0
        url = self._plugin.auth_url
        while True:
            self._backoff.wait()
            wait = None
            try:
                return call()
            except ks_exceptions.Unauthorized as error:
                raise LoginError(
                    f"Keystone at {url} refused the credentials of {self._credentials.origin}: {error.message} "
                    "Check the user, the password, the project and their domains.",
                    status=401,
                    request_id=error.request_id,
                ) from error
            except ks_exceptions.SSLError as error:
                raise _untrusted(url, error) from error
            except ks_exceptions.HttpError as error:
                patient = error.http_status in (429, 500, 502, 503, 504)
                if error.http_status == 429:
                    wait = float(getattr(error, "retry_after", 0) or 0)
                failure: EvsError = LoginError(
                    f"Keystone at {url} answered {error.http_status} to the login with {self._credentials.origin}: "
                    f"{error.message}",
                    status=error.http_status,
                    request_id=error.request_id,
                )
            except ks_exceptions.ConnectionError as error:
                patient = True
                failure = Unreachable(
                    f"Keystone at {url} cannot be reached: {error}. "
                    f"Check auth_url in {self._credentials.origin} and the network."
                )
            except ks_exceptions.ClientException as error:
                raise LoginError(f"The login at {url} with {self._credentials.origin} failed: {error}") from error
            attempt += 1
            if not patient or attempt >= MOST_ATTEMPTS or not self._backoff.delay(attempt, wait, deadline):
                raise failure

    def _catalogued(self, service: str) -> str | None:
        endpoints = self._access.service_catalog.get_endpoints_data(
            interface=self._credentials.interface, region_name=self._credentials.region_name
        )
        for service_type in CATALOGUE_TYPES[service]:
            for endpoint in endpoints.get(service_type, ()):
                return _complete(str(endpoint.url), service, self.project.id)
        return None


class Client:
    """The calls of one service of one project, by path below its endpoint."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self.url = url

    def get(self, path: str, **params: Any) -> Json:
        return self._session.send("GET", f"{self.url}/{path}", params or None, None, None)

    def post(self, path: str, body: Json, secret: Secret | None = None) -> Json:
        """`secret` is what the body holds that no message may show, even if the server echoes it."""
        return self._session.send("POST", f"{self.url}/{path}", None, body, secret)

    def delete(self, path: str) -> None:
        self._session.send("DELETE", f"{self.url}/{path}", None, None, None)

    def linked_pages(
        self, path: str, key: str, filters: Mapping[str, str], by_offset: bool = False
    ) -> Iterator[list[Any]]:
        """The pages of a list in the style of Cinder, such as volumes/detail, by marker or by offset.

        The links that the server gives are a sign that there is more, and never followed: EVS puts
        hosts of its own network into them.
        """
        position: dict[str, Any] = {}
        seen = 0
        while True:
            answer = self.get(path, limit=PAGE, **filters, **position)
            entries = self._entries(answer, path, key)
            yield entries
            seen += len(entries)
            if not entries or (len(entries) < PAGE and not answer.get(f"{key}_links")):
                return
            last = entries[-1].get("id") if isinstance(entries[-1], Mapping) else None
            if not last or last == position.get("marker"):
                raise MalformedAnswer(
                    f"The list {self.url}/{path} does not end: its page after {last} is followed by the same page."
                )
            position = {"offset": seen} if by_offset else {"marker": last}

    def counted_pages(self, path: str, filters: Mapping[str, str]) -> Iterator[list[Any]]:
        """The pages of a list that pages by offset and tells its length, such as those of CBR and SDRS."""
        offset = 0
        while True:
            after = {"offset": offset} if offset else {}
            answer = self.get(path, limit=PAGE, **filters, **after)
            entries = self._entries(answer, path, path)
            yield entries
            offset += len(entries)
            count = answer.get("count")
            if not entries or (offset >= count if isinstance(count, int) else len(entries) < PAGE):
                return

    def transfer_pages(self, path: str) -> Iterator[list[Any]]:
        """The pages of a list of transfers.

        Cinder takes limit and offset for filters here and answers an empty list; EVS wants no
        offset of 0. So the first page is asked for plainly, and a second only after a full one.
        """
        offset = 0
        while True:
            answer = self.get(path, offset=offset) if offset else self.get(path)
            entries = self._entries(answer, path, "transfers")
            yield entries
            offset += len(entries)
            if not entries or len(entries) < PAGE:
                return

    def _entries(self, answer: Json, path: str, key: str) -> list[Any]:
        entries = answer.get(key)
        if not isinstance(entries, list):
            raise MalformedAnswer(f"The answer of {self.url}/{path} has no list {key!r}.")
        return entries


def _http(concurrency: int) -> requests.Session:
    http = requests.Session()
    http.headers.update({"Accept": "application/json", "Content-Type": "application/json", "User-Agent": USER_AGENT})
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_maxsize=concurrency, max_retries=0))
    return http


def _versioned(plugin: Any, keystone: KeystoneSession) -> Any:
    """Spare the version discovery where the auth_url names the version already."""
    url = (getattr(plugin, "auth_url", None) or "").rstrip("/")
    if isinstance(plugin, BaseGenericPlugin) and url.endswith("/v3"):
        return plugin.create_plugin(keystone, (3, 0), url) or plugin
    return plugin


def _complete(url: str, service: str, project_id: str) -> str:
    """An endpoint as users write it, with or without version and project, made whole."""
    for placeholder in ("%(project_id)s", "%(tenant_id)s", "$(project_id)s", "$(tenant_id)s"):
        url = url.replace(placeholder, project_id)
    parts = urllib.parse.urlsplit(url.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise LoginError(
            f"The endpoint {url!r} of {service} is not a URL. Give one such as https://{service}.example.com/v2."
        )
    segments = [part for part in parts.path.split("/") if part]
    if not any(part[0] == "v" and part[1:2].isdigit() for part in segments):
        segments.append(VERSION_WITHOUT_ONE[service])
    if segments[-1] != project_id:
        segments.append(project_id)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(segments), "", ""))


def _repeatable(method: str, failure: EvsError) -> bool:
    if isinstance(failure, Unreachable):
        return not isinstance(failure, UntrustedServer)
    if method == "POST":
        return False
    return isinstance(failure, AnswerLost) or getattr(failure, "status", 0) >= 500


class UntrustedServer(Unreachable):
    """The TLS handshake failed; trying again would not help."""


def _untrusted(url: str, error: Exception) -> UntrustedServer:
    return UntrustedServer(
        f"The TLS connection to {url} failed: {error}. If its certificate is signed by an authority of your own, "
        "give that authority's file in ca_cert; validate_certs: false turns the check off."
    )


def _connection_error(where: str, error: requests.exceptions.RequestException) -> EvsError:
    cause = error.args[0] if error.args else None
    never_sent = isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)) or isinstance(
        getattr(cause, "reason", None), NewConnectionError
    )
    if never_sent:
        return Unreachable(f"{where}: the server cannot be reached: {error}. Check the endpoint and the network.")
    return AnswerLost(f"{where}: no answer arrived: {error}")
