# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six calls of os-volume-transfer (EVS_API A)."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import Any

from tests.emulator import errors, listing, rules, views
from tests.emulator.access import authorize
from tests.emulator.calls import Call, Reply, Route, invalid
from tests.emulator.rules import MOST_BYTES
from tests.emulator.state import Transfer, Volume


def create(call: Call) -> Reply:
    """Offer a volume."""
    volume_id, name = offer_of(call, call.body("transfer"))
    volume = call.state.volume_of(call.project_id, volume_id)
    if volume is None:
        raise errors.volume_not_found(volume_id)
    authorize(call, "volume:create_transfer")
    rules.check_offer(call.state, volume)
    transfer, key = call.state.add_transfer(volume, name)
    view = views.transfer_detail(call, transfer)
    return Reply(202, {"transfer": view | {"auth_key": key}})


def create_with_snapshots(call: Call) -> Reply:
    """Offer a volume with its snapshots, and if need be its key: Cinder from 3.55 and 3.70 on, and not EVS."""
    if not call.speaks(3, 55):
        raise errors.cinder(404, "The resource could not be found.")
    body = call.body("transfer")
    alone = body.pop("no_snapshots", False) is True
    volume_id, name = offer_of(call, body)
    volume = call.state.volume_of(call.project_id, volume_id)
    if volume is None:
        raise errors.volume_not_found(volume_id)
    authorize(call, "volume:create_transfer")
    lifted = (("snapshots", not alone), ("encrypted", call.speaks(3, 70)))
    along = tuple(constraint for constraint, is_lifted in lifted if is_lifted)
    rules.check_offer(call.state, volume, along)
    transfer, key = call.state.add_transfer(volume, name, along)
    view = views.transfer_detail(call, transfer)
    return Reply(202, {"transfer": view | {"auth_key": key, "no_snapshots": alone}})


def accept(call: Call) -> Reply:
    """Take a volume over; any project that knows id and key may."""
    key = key_of(call.body("accept"))
    authorize(call, "volume:accept_transfer")
    transfer = call.state.transfers.get(call.params["transfer"])
    if transfer is None:
        raise errors.transfer_not_found(call.params["transfer"])
    if not transfer.opens(key):
        raise errors.cinder(
            400,
            f"Invalid auth key: Attempt to transfer {transfer.id} with invalid auth key.",
        )
    volume = call.state.volumes[transfer.volume_id]
    rules.check_accept(call.state, volume, call.project_id, transfer.along)
    rules.check_type(call.state, call.project_id, volume)
    rules.check_quota(call.state, call.project_id, volume.size, volume.volume_type)
    check_waiting(transfer, volume)
    call.state.accept_transfer(transfer, call.project_id, call.token.user.id)
    return Reply(202, {"transfer": views.transfer_brief(call, transfer)})


def delete(call: Call) -> Reply:
    """Withdraw an offer. The answer is an empty page of HTML, as Cinder's."""
    transfer = own_transfer(call)
    authorize(call, "volume:delete_transfer")
    call.state.remove_transfer(transfer)
    return Reply(202, None, {"Content-Type": "text/html; charset=UTF-8"})


def show(call: Call) -> Reply:
    """Show an offer to the project that owns the volume, and to no other."""
    return Reply(200, {"transfer": views.transfer_detail(call, own_transfer(call))})


def list_brief(call: Call) -> Reply:
    """List the project's offers."""
    return Reply(200, {"transfers": [views.transfer_brief(call, t) for t in page(call)]})


def list_detail(call: Call) -> Reply:
    """List the project's offers with the time of their creation."""
    return Reply(200, {"transfers": [views.transfer_detail(call, t) for t in page(call)]})


def list_newer(call: Call) -> Reply:
    """List the project's offers by the newer path, which is the same list."""
    if not call.speaks(3, 55):
        raise errors.cinder(404, "The resource could not be found.")
    return list_brief(call)


def own_transfer(call: Call) -> Transfer:
    """Return the transfer named in the URL if its volume is the caller's."""
    transfer = call.state.offers[call.project_id].get(call.params["transfer"])
    if transfer is None:
        raise errors.transfer_not_found(call.params["transfer"])
    return transfer


def check_waiting(transfer: Transfer, volume: Volume) -> None:
    """Refuse to accept a volume whose state changed under the offer."""
    if volume.status == "maintenance":
        raise errors.cinder(400, "Invalid volume: The volume cannot accept transfer in maintenance mode.")
    if volume.status != "awaiting-transfer":
        raise errors.cinder(
            400,
            f"Invalid volume: Transfer {transfer.id}: Volume id {volume.id} expected in awaiting-transfer state.",
        )


def page(call: Call) -> list[Transfer]:
    """Return a page by limit and offset, the oldest offer first (EVS_API A.6).

    Other query parameters are ignored: EVS documents none. An offset behind the end gives an
    empty page, on which a published client relies, or a refusal with `strict_offset` (EVS_API L.j).
    """
    offers = call.state.offers[call.project_id]
    limit, offset = listing.window(call, least_offset=1)
    if call.state.config.strict_offset and offset and offset >= len(offers):
        raise errors.evs(400, "EVS.5400", "The offset must be less than the number of transfers.")
    return list(islice(offers.values(), offset, offset + limit))


def offer_of(call: Call, body: dict[str, Any]) -> tuple[str, str | None]:
    """Return volume id and name from the body of a create, or refuse it as Cinder's schema does."""
    check_properties("transfer", body, "volume_id", {"volume_id", "name"})
    volume_id, name = body["volume_id"], body.get("name")
    if not is_uuid(volume_id):
        raise errors.cinder(400, invalid("volume_id", volume_id, f"{volume_id!r} is not a 'uuid'"))
    if name is not None and (not isinstance(name, str) or len(name.strip()) > MOST_BYTES):
        reason = f"{name!r} is not valid under any of the given schemas"
        raise errors.cinder(400, invalid("name", name, reason))
    name = name.strip() if name is not None else None
    rules.check_name(call.state, name)
    return volume_id, name


def key_of(body: dict[str, Any]) -> str:
    """Return the key from the body of an accept, or refuse it as Cinder's schema does."""
    check_properties("accept", body, "auth_key", {"auth_key"})
    key = body["auth_key"]
    if isinstance(key, bool) or not isinstance(key, (str, int)):
        reason = f"{key!r} is not of type 'string', 'integer'"
        raise errors.cinder(400, invalid("auth_key", key, reason))
    return str(key)


def check_properties(name: str, body: dict[str, Any], required: str, known: set[str]) -> None:
    """Refuse a body that lacks a property or has one too many.

    Cinder's message quotes the whole body, a key included: clients must not pass it on.
    """
    extra = [key for key in body if key not in known]
    if extra:
        names = ", ".join(repr(key) for key in extra)
        verb = "was" if len(extra) == 1 else "were"
        reason = f"Additional properties are not allowed ({names} {verb} unexpected)"
        raise errors.cinder(400, invalid(name, body, reason))
    if required not in body:
        raise errors.cinder(400, invalid(name, body, f"'{required}' is a required property"))


def is_uuid(value: Any) -> bool:
    """Tell whether a value is a UUID, with or without dashes."""
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


ROUTES: list[Route] = [
    ("POST", "/volume-transfers", create_with_snapshots),
    ("GET", "/volume-transfers", list_newer),
    ("POST", "/os-volume-transfer", create),
    ("GET", "/os-volume-transfer", list_brief),
    ("GET", "/os-volume-transfer/detail", list_detail),
    ("POST", "/os-volume-transfer/{transfer}/accept", accept),
    ("GET", "/os-volume-transfer/{transfer}", show),
    ("DELETE", "/os-volume-transfer/{transfer}", delete),
]
