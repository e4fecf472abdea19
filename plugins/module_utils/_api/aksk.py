# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The login with an access key (AK/SK), as a plugin that keystoneauth1 does not have.

There is no token: every request is signed.  The project and the catalogue come from IAM, by the
signed requests that the vendor's own tools send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api.signature import AccessKey, Signature
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, listed, quoted

try:
    from keystoneauth1.access import AccessInfoV3
    from keystoneauth1.loading import BaseLoader, Opt
    from keystoneauth1.plugin import BaseAuthPlugin
except ImportError:  # reported by the module frame
    BaseAuthPlugin = BaseLoader = object  # type: ignore[misc, assignment]

if TYPE_CHECKING:
    from keystoneauth1.session import Session

AUTH_TYPE = "aksk"
NAMES = ("access_key", "secret_key", "security_token", "ak", "sk")
"""What belongs to an access key, and may stand beside `auth` in clouds.yaml, where the vendor's tools look for it."""
REMEDY = "Check access_key, secret_key, a security_token that may have expired, and the clock of this machine."


class AkSk(BaseAuthPlugin):
    """A project by an access key: its ID, or its name, which is the region's if none is given."""

    def __init__(
        self, auth_url: str, key: AccessKey, project_id: str | None = None, project_name: str | None = None
    ) -> None:
        super().__init__()
        self.auth_url = auth_url
        self._key = key
        self._project_id = project_id
        self._project_name = project_name

    def signature(self, project_id: str) -> Signature:
        """What signs the requests to the services of the project."""
        return Signature(self._key, project_id)

    def get_token(self, session: Session) -> str | None:
        return None

    def get_access(self, session: Session) -> AccessInfoV3:
        """The project and its catalogue, in the form of a token that nobody has issued."""
        project = {"id": self._project_id, "name": self._project_name} if self._project_id else self._found(session)
        catalogue = self._get(session, "auth/catalog", Signature(self._key, project["id"]))
        return AccessInfoV3({"token": {"project": project, "catalog": _list(catalogue, "catalog")}})

    def _found(self, session: Session) -> dict[str, str | None]:
        """The project of that name."""
        name = self._project_name or ""
        answer = self._get(session, "projects", Signature(self._key), {"name": name})
        found = [each for each in _list(answer, "projects") if each["name"] == name]
        if len(found) != 1:
            known = listed([str(each["id"]) for each in found])
            what = f"several projects are called {quoted(name)}: {known}" if found else f"no project is {quoted(name)}"
            raise LoginError(
                f"For this access key {what}. Give project_id, or the right project_name, such as eu-de or eu-de_NAME."
            )
        return {"id": found[0]["id"], "name": found[0]["name"]}

    def _get(
        self, session: Session, path: str, signature: Signature, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        base = self.auth_url.rstrip("/")
        base = base if base.endswith("/v3") else f"{base}/v3"
        answer: dict[str, Any] = session.get(
            f"{base}/{path}", params=params, requests_auth=signature, authenticated=False, log=False
        ).json()
        return answer


def _list(answer: Mapping[str, Any], name: str) -> list[Any]:
    value = answer[name]
    if not isinstance(value, list):
        raise TypeError(f"{name} is not a list")
    return value


class AkSkLoader(BaseLoader):  # type: ignore[type-arg]
    """Its options, in the manner of keystoneauth1."""

    @property
    def plugin_class(self) -> type[AkSk]:
        return AkSk

    def get_options(self) -> list[Opt]:
        return [
            Opt("auth-url"),
            Opt("access-key", secret=True, deprecated=[Opt("ak")]),
            Opt("secret-key", secret=True, deprecated=[Opt("sk")]),
            Opt("security-token", secret=True),
            Opt("project-id", deprecated=[Opt("tenant-id")]),
            Opt("project-name", deprecated=[Opt("tenant-name")]),
            *(Opt(f"{whose}domain-{what}") for whose in ("", "user-", "project-") for what in ("id", "name")),
        ]

    def load_from_options(self, **values: Any) -> AkSk:
        parts = {name: str(values.get(name) or "") for name in ("access_key", "secret_key", "security_token")}
        for name, part in parts.items():
            # Two of them go into headers, which hold nothing else.
            if not part.isascii() or not part.isprintable() or " " in part:
                raise LoginError(
                    f"The {name} has a character that is not allowed, such as a space or a line break. Copy it again."
                )
        key = AccessKey(parts["access_key"], parts["secret_key"], parts["security_token"] or None)
        return AkSk(values["auth_url"], key, values.get("project_id"), values.get("project_name"))
