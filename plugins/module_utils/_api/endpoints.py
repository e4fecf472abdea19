# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Which entry of a catalogue is which service, and how an endpoint is written in full."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping

from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, quoted

try:
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url
except ImportError:  # reported by the module frame
    pass

CATALOGUE_TYPES: Mapping[str, tuple[str, ...]] = {
    "evs": ("evs", "volumev3", "block-storage", "volumev2"),
    "cbr": ("cbr",),
    "sdrs": ("sdrs",),
    "vbs": ("vbsv2", "vbs"),
    "compute": ("compute",),
}
"""The types under which a service may be listed, the preferred one first.

What EVS lists as `evs` is the version that it recommends; elsewhere an entry of v2 may be left over from old days.
"""
OVERRIDE_TYPES = {"evs": "block-storage"}
"""Under which service type clouds.yaml overrides an endpoint, where that is not the service's name."""
VERSION_WITHOUT_ONE = {"evs": "v3", "cbr": "v3", "sdrs": "v1", "vbs": "v2", "compute": "v2.1"}
"""Which API version is meant by an endpoint without one."""


def complete(url: str, service: str, project_id: str) -> str:
    """An endpoint as users write it, with or without version and project, made whole."""
    for placeholder in ("%(project_id)s", "%(tenant_id)s", "$(project_id)s", "$(tenant_id)s"):
        url = url.replace(placeholder, project_id)
    require_no_credentials(url, f"the endpoint of {service}")
    parts = _parts(url)
    if parts is None:
        raise LoginError(
            f"The endpoint {quoted(url)} of {service} is not a URL. Give one such as https://{service}.example.com/v2."
        )
    segments = [part for part in parts.path.split("/") if part]
    if not any(map(_is_version, segments)):
        segments.append(VERSION_WITHOUT_ONE[service])
    if segments[-1] != project_id:
        segments.append(project_id)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(segments), "", ""))


def root_and_version(url: str) -> tuple[str, str]:
    """Where the service tells its versions, and of which of them a complete endpoint is."""
    parts = urllib.parse.urlsplit(url)
    segments = [part for part in parts.path.split("/") if part]
    place = next((number for number, part in enumerate(segments) if _is_version(part)), len(segments))
    root = urllib.parse.urlunsplit((parts.scheme, parts.netloc, "/".join(["", *segments[:place], ""]), "", ""))
    return root, segments[place] if place < len(segments) else ""


def _is_version(segment: str) -> bool:
    return segment[0] == "v" and segment[1:2].isdigit()


def require_no_credentials(url: str, what: str) -> None:
    """Refuse a user or password in a URL, without showing it: messages, logs and proxies would.

    Wherever the @ stands: a password may hold a slash, and the scheme may have been forgotten.
    """
    if "@" in url:
        raise LoginError(
            f"A user name or password is in {what}, before the @. Remove it from the URL, which messages and logs "
            "show; credentials belong in auth or clouds.yaml. Write an @ in the path as %40."
        )


def secrets_of_proxy(url: str) -> set[str]:
    """What no message may show of a proxy; one that is no URL is refused, since libraries would quote it in pieces."""
    try:
        parts = parse_url(url if "://" in url else f"http://{url}")
        misplaced = "@" in f"{parts.path}{parts.query}{parts.fragment}"
    except LocationParseError:
        parts, misplaced = None, True
    if parts is None or not parts.host or misplaced:
        raise LoginError(
            "The proxy that http_proxy, https_proxy or all_proxy names is not a URL. It is not shown, since it may "
            "hold a password. Write characters such as / and @ in its password as %2F and %40."
        )
    words = (parts.auth or "").partition(":")[::2]
    return {spelt for word in (parts.auth or "", words[1]) for spelt in (word, urllib.parse.unquote(word)) if spelt}


def _parts(url: str) -> urllib.parse.SplitResult | None:
    """The parts of a URL that a request can be sent to."""
    try:
        parts = urllib.parse.urlsplit(url.rstrip("/"))
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that enclose no address, or a port that is none
        return None
    return parts if valid else None
