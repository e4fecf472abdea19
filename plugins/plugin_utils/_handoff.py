# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to otc.evs: may change in any release, without notice.
"""The handoff: transfer IDs and keys on their way from the source's team to the target's.

It is a JSON document in an Ansible Vault.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.otc.evs.plugins.module_utils._model.parse import parts
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import is_id
from ansible_collections.otc.evs.plugins.module_utils._text import safe

FORMAT = "otc.evs handoff"
VERSION = 1
FIELDS = ("transfer_id", "auth_key", "volume_id", "volume_name", "size", "volume_type", "created_at")
WISHES = ("server", "device", "availability_zone")
"""Where a disk was: the target sees them as wishes, and attaches by its own word only."""
MOST_TRANSFERS = 20_000
MOST_BYTES = 32 * 2**20
"""Of a file: what so many disks take, and half as much again. To decrypt it takes seven times as much memory."""
MOST_PARTS = 20 * MOST_TRANSFERS
"""Of its JSON, before anything is made of it. A transfer has twelve."""
IN_PARTS = "Let the disks be offered in parts, each with a handoff file of its own."
LONGEST_TEXT = 1000
LARGEST_SIZE = 10**9
"""Of a disk, in GiB."""

Handoff = Mapping[str, Any]


class HandoffError(Exception):
    """The file cannot be used; the message says why, and a role what to do."""


def seal(content: Handoff, password: str) -> str:
    """The text of the file."""
    sealed: bytes = _vault(password).encrypt(json.dumps(content, indent=1))
    if len(sealed) > MOST_BYTES:
        raise HandoffError(f"it would be larger than {MOST_BYTES // 2**20} MiB. {IN_PARTS}")
    return sealed.decode()


def unseal(text: str, password: str) -> dict[str, Any]:
    """What is in the text of a file, which may come from strangers: checked whole."""
    if not text.startswith("$ANSIBLE_VAULT;"):
        raise HandoffError("it is not a handoff file, which begins with $ANSIBLE_VAULT. Check the path.")
    try:
        clear = _vault(password).decrypt(text.strip())
    except (AnsibleError, ValueError) as error:
        raise HandoffError(
            "the password is wrong, or the file is not complete. Check tenant_transfer_handoff_password."
        ) from error
    return parse(clear)


def parse(clear: str | bytes) -> dict[str, Any]:
    """The handoff in a text that was decrypted, checked whole."""
    if parts(clear if isinstance(clear, bytes) else clear.encode()) > MOST_PARTS:
        raise HandoffError(f"it has more than {MOST_TRANSFERS:,} transfers. {IN_PARTS}")
    try:
        content = json.loads(clear, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise HandoffError("what is in the vault is not a handoff: it is not valid JSON. Check the path.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise HandoffError("what is in the vault is not a handoff. Check the path.")
    if content.get("version") != VERSION:
        raise HandoffError(
            f"it is a handoff of version {safe(str(content.get('version')))}, and this collection reads version "
            f"{VERSION}. Use the same release of otc.evs on both sides."
        )
    _check(content)
    return content


def _no_number(word: str) -> float:
    raise ValueError(word)


def _check(content: Handoff) -> None:
    """Refuse what no offer has written."""
    source, transfers = content.get("source"), content.get("transfers")
    if not isinstance(source, dict) or not _is_id(source.get("project_id")):
        raise HandoffError("it does not say which project its disks are of.")
    _require_texts(source, ("project_name", "region_name"), "its source")
    _require_texts(content, ("name", "target_project", "created"), "it")
    if not isinstance(transfers, list):
        raise HandoffError("it has no list of transfers.")
    if len(transfers) > MOST_TRANSFERS:
        raise HandoffError(f"it has {len(transfers):,} transfers, and {MOST_TRANSFERS:,} is the limit. {IN_PARTS}")
    seen: dict[str, int] = {}
    for number, row in enumerate(transfers, 1):
        _check_transfer(row, f"its transfer number {number}")
        for name in ("transfer_id", "volume_id"):
            first = seen.setdefault(row[name], number)
            if first != number:
                raise HandoffError(f"its transfers number {first} and {number} have the same {name}.")


def _check_transfer(row: object, where: str) -> None:
    if not isinstance(row, dict) or not _is_id(row.get("transfer_id")) or not _is_id(row.get("volume_id")):
        raise HandoffError(f"{where} has no transfer_id or no volume_id, or they are no IDs.")
    _require_texts(row, ("auth_key", "volume_name", "volume_type", "created_at", *WISHES), where)
    if row.get("scsi") is not None and not isinstance(row["scsi"], bool):
        raise HandoffError(f"{where} has a scsi that is neither true nor false.")
    if not row.get("auth_key"):
        raise HandoffError(f"{where} has no auth_key.")
    size = row.get("size")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= LARGEST_SIZE):
        raise HandoffError(f"{where} has a size that is not a number of GiB.")


def _is_unicode(text: str) -> bool:
    """Whether it holds no half of a character, which JSON can write, but nobody can send or show."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(value: object) -> bool:
    return isinstance(value, str) and is_id(value)


def _require_texts(values: Handoff, names: Sequence[str], where: str) -> None:
    for name in names:
        value = values.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
            raise HandoffError(
                f"{where} has a {name} that is not a string or is longer than {LONGEST_TEXT} characters."
            )
        if value is not None and not _is_unicode(value):
            raise HandoffError(f"{where} has a {name} that is not valid Unicode.")


def merge(
    old: Handoff | None,
    offered: Sequence[Handoff],
    about: Handoff,
    dead: Collection[str] = (),
    wishes: Mapping[str, Handoff] | None = None,
) -> dict[str, Any]:
    """The handoff with new offers; those of the same disks are replaced, and `dead` transfers left out.

    `wishes` tell by the ID of a disk where it was.
    """
    rows = {row["volume_id"]: row for row in (old or {}).get("transfers", ()) if row["transfer_id"] not in dead}
    for transfer in offered:
        if transfer.get("auth_key"):
            rows[transfer["volume_id"]] = {
                name: transfer.get("id" if name == "transfer_id" else name) for name in FIELDS
            }
    if len(rows) > MOST_TRANSFERS:
        raise HandoffError(f"it would have more than {MOST_TRANSFERS:,} transfers. {IN_PARTS}")
    for volume_id, row in rows.items():
        row.update((wishes or {}).get(volume_id, {}))
    return {"format": FORMAT, "version": VERSION, **about, "transfers": list(rows.values())}


def only(content: Handoff, volume_ids: Collection[str]) -> dict[str, Any]:
    """The handoff with the transfers of some disks."""
    wanted = set(volume_ids)
    return {**content, "transfers": [row for row in content["transfers"] if row["volume_id"] in wanted]}


def known(content: Handoff) -> list[dict[str, Any]]:
    """The transfers of the handoff without their keys, as evs_transfer takes them."""
    return [
        {name: row.get(name) for name in ("transfer_id", "volume_id", "volume_name")} for row in content["transfers"]
    ]


def wishes_of(rows: Sequence[Handoff], coming: Sequence[Handoff]) -> dict[str, dict[str, Any]]:
    """Where disks are or were, by what evs_attachment tells of them."""
    about = {disk["id"]: disk for disk in coming}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        disk = about.get(row["id"])
        server, device = ((row.get(name) or {}).get("before") for name in ("server", "device"))
        known = {"availability_zone": disk["availability_zone"], "scsi": bool(disk["metadata"])} if disk else {}
        if server:
            known.update(server=str(server["name"] or server["id"])[:LONGEST_TEXT], device=device)
        found[row["id"]] = known
    return found


def disks(content: Handoff) -> list[dict[str, Any]]:
    """The disks of the handoff without keys, as evs_attachment tells and takes them."""
    return [_disk(row) for row in content["transfers"]]


def _disk(row: Handoff) -> dict[str, Any]:
    server = row.get("server")
    return {
        "id": row["volume_id"],
        "name": row.get("volume_name"),
        "size": row.get("size"),
        "volume_type": row.get("volume_type"),
        "availability_zone": row.get("availability_zone"),
        "metadata": {"hw:passthrough": "true"} if row.get("scsi") else {},
        "server": {"before": {"id": None, "name": server} if server else None, "after": None},
        "device": {"before": row.get("device"), "after": None},
    }


def stated_wishes(rows: Sequence[Handoff], pairs: Sequence[Handoff]) -> list[str]:
    """What the source says of the servers of disks that the target attaches to none."""
    meant = {pair["volume"] for pair in pairs}
    return [
        f"Disk {safe(row['name'] or row['id'])} was in server {safe(row['server']['before']['name'])} of the source as "
        f"{safe(row['device']['before'] or 'a device that is not known')}. It is not attached here: "
        "name a server for it in tenant_transfer_servers or tenant_transfer_volumes, if it is to be."
        for row in rows
        if row["server"]["before"] and not {row["id"], row["name"]} & meant
    ]


def refusal(content: Handoff, place: Handoff, to_offer: bool) -> str:
    """Why the handoff is of no use to this project, or nothing; `to_offer` for the side that wrote it."""
    source = content["source"]
    whose, mine = _called(source), _called(place)
    if to_offer:
        if source["project_id"] == place["project_id"]:
            return ""
        return f"it offers disks of project {whose}, and these are credentials of project {mine}."
    wanted = content.get("target_project")
    if source["project_id"] == place["project_id"]:
        return f"it offers disks of project {whose}, whose credentials these are. Use those of the target."
    if wanted not in (None, "", place["project_id"], place["project_name"]):
        return f"it is for project {safe(wanted)}, and these are credentials of project {mine} ({place['project_id']})."
    here, there = source.get("region_name") or "", place.get("region_name") or ""
    if here and there and here != there:
        return (
            f"it offers disks in region {safe(here)}, and these are credentials for region {safe(there)}. "
            "A disk stays in its region."
        )
    return ""


def _called(place: Handoff) -> str:
    return safe(place.get("project_name") or place["project_id"])


def _vault(password: str) -> VaultLib:
    # Unquoted digits are a number in YAML. Ansible Vault itself takes an empty password.
    if not password:
        raise HandoffError("its password is empty. Check tenant_transfer_handoff_password.")
    return VaultLib([("default", VaultSecret(str(password).encode()))])
