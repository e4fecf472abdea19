# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The exceptions of the collection; every message says what, where and what to do."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONGEST_SHOWN = 100
MOST_SHOWN = 20


class EvsError(Exception):
    """Something a user can act on; `details` goes into the module's result beside `msg`."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class UsageError(EvsError):
    """What was asked for makes no sense, names nothing, or names several things."""


class LoginError(EvsError):
    """No token, no project scope, or no endpoint: nothing can be sent for this tenant."""


class Unreachable(EvsError):
    """The request surely never reached the server."""


class UntrustedServer(Unreachable):
    """The TLS handshake failed; trying again would not help."""

    def __init__(self, url: str, words: object) -> None:
        super().__init__(
            f"The TLS connection to {url} failed: {words}. If its certificate is signed by an authority of your own, "
            "give that authority's file in ca_cert; validate_certs: false turns the check off."
        )


class AnswerLost(EvsError):
    """The request may have reached the server and may have been carried out; nobody told us."""


class AnswerTooLong(AnswerLost):
    """It was not read to its end, if it has one; trying again would not help."""


class AnswerStalled(AnswerLost):
    """It did not proceed, or took far too long."""


class MalformedAnswer(EvsError):
    """The server's answer is not what the API promises."""


class Timeout(EvsError):
    """A disk did not reach the expected state in time."""


class Unproved(EvsError):
    """What became of a request could not be found out: it may have been carried out, or still be."""


class ApiError(EvsError):
    """The server refused; it surely did not act, unless `status` is 500 or more."""

    def __init__(self, message: str, status: int, code: str | None, request_id: str | None, reason: str) -> None:
        super().__init__(message, status=status, code=code, request_id=request_id)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.reason = reason
        """The server's own words."""


@contextmanager
def of_the_target() -> Iterator[None]:
    """What fails in here is said to be about the tenant in `target`."""
    try:
        yield
    except EvsError as error:
        error.message = f"Of the target: {error.message}"
        raise


def unexpected(error: Exception) -> str:
    """How to tell of an exception that nobody foresaw: its kind and place, since its text may hold a secret."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"Unexpected error, please report it: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}."


def sentence(words: str) -> str:
    """Words that others may have chosen, with the full stop that what is said next needs."""
    return words if words.endswith(".") else f"{words}."


def quoted(value: str) -> str:
    """What a user gave, as messages show it: on one line, and not all of it if it is long."""
    return repr(value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "...")


def listed(values: Collection[str]) -> str:
    """Several of these."""
    rest = len(values) - MOST_SHOWN
    return ", ".join(map(quoted, list(values)[:MOST_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
