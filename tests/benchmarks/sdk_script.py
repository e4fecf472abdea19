# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer: the script that one writes with openstacksdk. Its arguments are IDs of disks."""

from __future__ import annotations

import sys

import openstack

from tests.support.server import SOURCE, TARGET


def main(volumes: list[str]) -> None:
    """Move disks one after the other."""
    source, target = openstack.connect(cloud=SOURCE), openstack.connect(cloud=TARGET)
    for volume in volumes:
        offer = source.block_storage.create_transfer(volume_id=volume, name="sdk")
        target.block_storage.accept_transfer(offer.id, offer.auth_key)
        target.block_storage.wait_for_status(target.block_storage.get_volume(volume), "available", interval=0.1)


if __name__ == "__main__":
    main(sys.argv[1:])
