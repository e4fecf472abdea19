# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that are compared, as data: ours is otc.evs.transfer."""

from __future__ import annotations

import os
from typing import Any

from tests.support.playbooks import BIN
from tests.support.server import SOURCE, TARGET, Server

TRANSFER = "openstack volume transfer request"


def _play(*tasks: dict[str, Any], **variables: Any) -> list[dict[str, Any]]:
    interpreter = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return [{"hosts": "localhost", "gather_facts": False, "vars": {**interpreter, **variables}, "tasks": list(tasks)}]


def no_op(modules: int, others: int = 0) -> list[dict[str, Any]]:
    """As many module runs as that, and as many tasks without one, which do nothing."""
    ping: dict[str, Any] = {"ansible.builtin.ping": {}}
    debug: dict[str, Any] = {"ansible.builtin.debug": {"msg": ""}}
    return _play(*[ping] * modules, *[debug] * others)


def _cloud(name: str) -> dict[str, str]:
    return {"OS_CLOUD": name, "PATH": f"{BIN}:{os.environ['PATH']}"}


def cli(volumes: list[str]) -> list[dict[str, Any]]:
    """The openstack CLI in a loop: offer, accept, look."""
    return _play(
        {
            "ansible.builtin.command": f"{TRANSFER} create --name cli {{{{ item }}}} -f json",
            "environment": _cloud(SOURCE),
            "loop": "{{ disks }}",
            "register": "offers",
        },
        {
            "ansible.builtin.command": f"{TRANSFER} accept --auth-key {{{{ offer.auth_key }}}} {{{{ offer.id }}}}",
            "environment": _cloud(TARGET),
            "vars": {"offer": "{{ item.stdout | from_json }}"},
            "loop": "{{ offers.results }}",
        },
        {
            "ansible.builtin.command": "openstack volume show {{ item }} -f json",
            "environment": _cloud(TARGET),
            "loop": "{{ disks }}",
            "register": "shown",
            "until": "(shown.stdout | from_json).status == 'available'",
        },
        disks=volumes,
    )


def uri(server: Server, roots: dict[str, str], volumes: list[str]) -> list[dict[str, Any]]:
    """A loop over ansible.builtin.uri: log in twice, offer, accept, look."""

    def login(cloud: str) -> dict[str, Any]:
        auth = server.cloud(cloud)["auth"]
        domain = {"name": auth["user_domain_name"]}
        user = {"name": auth["username"], "password": auth["password"], "domain": domain}
        scope = {"project": {"name": auth["project_name"], "domain": {"name": auth["project_domain_name"]}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        return {
            "ansible.builtin.uri": {
                "url": f"{server.auth_url}/auth/tokens",
                "method": "POST",
                "body_format": "json",
                "body": {"auth": {"identity": identity, "scope": scope}},
                "status_code": 201,
            },
            "register": "login_" + ("source" if cloud == SOURCE else "target"),
        }

    def call(side: str, path: str, **arguments: Any) -> dict[str, Any]:
        headers = {"X-Auth-Token": f"{{{{ login_{side}.x_subject_token }}}}"}
        return {
            "ansible.builtin.uri": {
                "url": f"{roots[side]}/{path}",
                "headers": headers,
                "body_format": "json",
                "status_code": [200, 202],
                **arguments,
            }
        }

    create = {"transfer": {"volume_id": "{{ item }}", "name": "uri"}}
    accept = {"accept": {"auth_key": "{{ item.json.transfer.auth_key }}"}}
    return _play(
        login(SOURCE),
        login(TARGET),
        {
            **call("source", "os-volume-transfer", method="POST", body=create),
            "loop": "{{ disks }}",
            "register": "offers",
        },
        {
            **call("target", "os-volume-transfer/{{ item.json.transfer.id }}/accept", method="POST", body=accept),
            "loop": "{{ offers.results }}",
        },
        {**call("target", "volumes/{{ item }}"), "loop": "{{ disks }}"},
        disks=volumes,
    )
