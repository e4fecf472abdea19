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

FORMAT = "otc.evs handoff"
VERSION = 1
FIELDS = ("transfer_id", "auth_key", "volume_id", "volume_name", "size", "volume_type", "created_at")


class HandoffError(Exception):
    """The file cannot be used; the message says why and what to do."""


def seal(content: Mapping[str, Any], password: str) -> str:
    """The text of the file."""
    sealed: bytes = _vault(password).encrypt(json.dumps(content, indent=1))
    return sealed.decode()


def unseal(text: str, password: str) -> dict[str, Any]:
    """What is in the text of a file."""
    if not text.startswith("$ANSIBLE_VAULT;"):
        raise HandoffError("it is not a handoff file, which begins with $ANSIBLE_VAULT. Check the path.")
    try:
        content = json.loads(_vault(password).decrypt(text.strip()))
    except (AnsibleError, ValueError) as error:
        raise HandoffError(
            "the password is wrong, or the file is not complete. Check tenant_transfer_handoff_password, "
            "or have the file sent again."
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise HandoffError("what is in the vault is not a handoff. Check the path.")
    if content.get("version") != VERSION:
        raise HandoffError(
            f"it is a handoff of version {content.get('version')}, and this collection reads version {VERSION}. "
            "Use the same release of otc.evs on both sides."
        )
    return content


def merge(
    old: Mapping[str, Any] | None, offered: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The handoff with new offers; those of the same disks are replaced, all others are kept."""
    rows = {row["volume_id"]: row for row in (old or {}).get("transfers", ())}
    for transfer in offered:
        if transfer.get("auth_key"):
            rows[transfer["volume_id"]] = {
                name: transfer.get("id" if name == "transfer_id" else name) for name in FIELDS
            }
    return {"format": FORMAT, "version": VERSION, **about, "transfers": list(rows.values())}


def only(content: Mapping[str, Any], volume_ids: Collection[str]) -> dict[str, Any]:
    """The handoff with the transfers of some disks."""
    wanted = set(volume_ids)
    return {**content, "transfers": [row for row in content["transfers"] if row["volume_id"] in wanted]}


def as_volumes(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The disks of the handoff as evs_volume_info would tell of them; without keys."""
    return [
        {
            "id": row["volume_id"],
            "name": row["volume_name"] or "",
            "size": row["size"],
            "volume_type": row["volume_type"],
            "status": "awaiting-transfer",
            "transfer": {"id": row["transfer_id"], "name": content["name"]},
            "blockers": [],
            "unchecked": [],
        }
        for row in content["transfers"]
    ]


def _vault(password: str) -> VaultLib:
    # Unquoted digits are a number in YAML. Ansible Vault itself takes an empty password.
    if not password:
        raise HandoffError("its password is empty. Check tenant_transfer_handoff_password.")
    return VaultLib([("default", VaultSecret(str(password).encode()))])
