# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module shares; their argument spec is in module_utils/_options.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - The name of a cloud in C(clouds.yaml), or a dictionary with what such an entry contains.
      - Read with the loader of the Python library C(openstacksdk), which is not needed for anything else.
      - C(clouds.yaml), C(secure.yaml) and C(clouds-public.yaml) are looked for in the directory in which
        C(ansible-playbook) was started, in the folder of the playbook, in C(~/.config/openstack) and in
        C(/etc/openstack).
      - If neither O(cloud) nor O(auth) is given, the environment variable E(OS_CLOUD) is used; without that, the
        other E(OS_*) variables are, such as E(OS_AUTH_URL) and E(OS_USERNAME).
      - Options given beside a name override what the entry says; beside a dictionary they are an error.
    type: raw
  auth:
    description:
      - What the auth plugin needs, for O(auth_type=password) usually C(auth_url), C(username), C(password),
        C(project_name) or C(project_id), C(user_domain_name) and C(project_domain_name).
      - With an access key (AK/SK) it is C(auth_url), C(access_key), C(secret_key), for a temporary one
        C(security_token), and C(project_name) or C(project_id). Each request is signed then.
      - If it is given without O(cloud), the environment is not looked at, so that the two tenants of a transfer cannot
        mix.
    type: dict
  auth_type:
    description:
      - The auth plugin of C(keystoneauth1), such as V(password), V(token) or V(v3applicationcredential), or V(aksk) for
        an access key. V(agency) comes with the Python package C(otcextensions).
      - Without it, what is given in O(auth) decides, and the plugin is V(password) if nothing there says otherwise.
    type: str
  region_name:
    description:
      - The region whose endpoints are used.
      - Without it, if there are several, the first one is used, with a warning.
    type: str
  interface:
    description:
      - Which endpoints of the catalogue are used.
      - Without it V(public), unless the cloud says otherwise.
    type: str
    choices: [admin, internal, public]
    aliases: [endpoint_type]
  validate_certs:
    description:
      - Whether the certificates of the servers are checked.
      - Without it they are, unless the cloud says otherwise.
    type: bool
    aliases: [verify]
  ca_cert:
    description: A file with the certificates of the authorities to trust.
    type: path
    aliases: [cacert]
  client_cert:
    description: A file with the client's certificate.
    type: path
    aliases: [cert]
  client_key:
    description: A file with the key of the client's certificate.
    type: path
    aliases: [key]
  api_timeout:
    description:
      - How many seconds to wait for a connection and for each answer, from 1 to 86400.
      - Without it 60, unless the cloud says otherwise.
    type: int
  endpoints:
    description:
      - URLs to use instead of those in the catalogue, with or without version and project ID.
      - Without a version, that of block storage is V(v3), which EVS and Cinder have.
    type: dict
    suboptions:
      evs:
        description: Block storage, for example V(https://evs.eu-de.otc.t-systems.com).
        type: str
      cbr:
        description: Cloud Backup and Recovery.
        type: str
      sdrs:
        description: Storage Disaster Recovery Service.
        type: str
      vbs:
        description: Volume Backup Service.
        type: str
      compute:
        description: The servers, for example V(https://ecs.eu-de.otc.t-systems.com).
        type: str
  concurrency:
    description:
      - How many requests to a tenant may be under way at once, from 1 to 64.
      - Without it the module finds out how many the cloud bears. It begins with 4, and goes up to 32 as long as the
        answers do not take longer.
      - If the cloud answers that it is asked too much (429 or 503), half as many are under way, then slowly more again,
        never more than the number that is given.
    type: int
  timeout:
    description:
      - How many seconds to wait for disks to reach a state, and how long a throttled or failing request is tried again,
        from 1 to 86400.
    type: int
    default: 180
requirements:
  - keystoneauth1
  - requests
  - openstacksdk, if O(cloud) or E(OS_CLOUD) is used
notes:
  - All ways to log in, each with an example, are in
    L(docs/logins.md,https://github.com/opentelekomcloud/ansible-collection-evs/blob/main/docs/logins.md).
  - Works with EVS v2 and v3 and with any Cinder v3; the endpoint comes from the catalogue (C(evs), C(volumev3),
    C(block-storage), C(volumev2), in this order).
  - Safe to use on many hosts at once, and with the credentials of two tenants in one play. Set what they share with
    C(module_defaults) for the group C(otc.evs.evs).
  - Ansible hands the options to a module in a file that is there as long as the module runs, and in none if
    C(ansible_pipelining) is true. With E(ANSIBLE_KEEP_REMOTE_FILES) the file stays, and E(ANSIBLE_DEBUG) prints what is
    in it. It contains no password if O(cloud) names a cloud.
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in check mode and return the decisions it would take, without sending anything but the login and reads.
  diff_mode:
    description: Returns what changed (or in check mode would change), with owner, status and transfer of each disk.
  action_group:
    description: Use C(group/otc.evs.evs) in C(module_defaults) to set the shared options for all modules.
    support: full
    membership:
      - otc.evs.evs
"""

    INFO_ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details:
      - This module only reads.
  diff_mode:
    description: Returns what changed.
    support: N/A
    details:
      - This module only reads.
  idempotent:
    description: Running it again changes nothing.
    support: full
    details:
      - This module only reads.
  action_group:
    description: Use C(group/otc.evs.evs) in C(module_defaults) to set the shared options for all modules.
    support: full
    membership:
      - otc.evs.evs
"""
