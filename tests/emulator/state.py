# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud holds: tenants, tokens, volumes, transfers, quotas. No web code in here.

What protects volumes is in protection.py.
"""

from __future__ import annotations

import bisect
import copy
import hashlib
import hmac
import random
import secrets
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.emulator.access_keys import permanent_keys
from tests.emulator.compute import Compute
from tests.emulator.faults import Faults
from tests.emulator.protection import Backup, Protection
from tests.emulator.tables import assign

NAMESPACE = uuid.UUID("5b1f3c0e-6d0b-4a52-9a36-6f2b7f2f6c11")
SERVICES = ("evs", "cbr", "vbs", "sdrs", "compute")
VOLUME_TYPES = ("SSD", "SAS", "SATA", "ESSD", "GPSSD")
QUOTA_RESOURCES = ("volumes", "gigabytes", "snapshots")
TYPES_WITH_QUOTA = ("SSD", "SAS", "SATA", "ESSD")
"""EVS_API F: the documents name no quota of GPSSD; set_quota() adds it."""


def stable_id(name: str) -> str:
    """Return the same UUID for the same name, in every run."""
    return str(uuid.uuid5(NAMESPACE, name))


def utc(moment: datetime) -> str:
    """Write a time as Cinder does: UTC, microseconds, no zone."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds")


@dataclass
class Config:
    """What can be changed while the emulator runs."""

    latency: float = 0.0
    """Seconds before each request is worked on."""
    token_lifetime: float = 86400.0
    """Seconds a new token is valid."""
    max_limit: int = 1000
    """The largest and the default page."""
    strict_offset: bool = False
    """Refuse an offset that is not less than the number of transfers instead of an empty page."""
    volumev3_only: bool = False
    """List only volumev3 and identity in the catalogue."""
    leftover_v2: bool = False
    """List only volumev2, volumev3 and identity, and answer 404 to v2, as many a Cinder does."""
    catalogue: list[str] = field(default_factory=lambda: list(SERVICES))
    """The services of the region beside Keystone: eu-nl, for one, has neither sdrs nor vbs (EVS_API G.5)."""
    vendor_replications: bool = False
    """Serve os-vendor-replications, the deprecated list of pairs (EVS_API E.2)."""
    children_by_resource: bool = False
    """Let CBR's filter resource_id find the parts of servers' backups (EVS_API C.1, L.d)."""
    link_base: str | None = None
    """The root of links in answers; EVS may name internal hosts there (EVS_API K.5)."""
    name_optional: bool = False
    """Take a transfer without a name, as Cinder and one page of an OEM cloud do (EVS_API A.1, J)."""
    name_characters: int = 64
    """The most that a transfer's name may have; EVS of OTC says 255 bytes and no more (EVS_API A.1, J)."""
    refuse_own_accept: bool = False
    """Refuse an accept by the project that offers; Cinder lets it be, EVS says nothing (EVS_API L.i)."""
    policies_shown: int = 0
    """The most policies that CBR lists, whatever its count says; 0: all (EVS_API D.1.2)."""
    cinder_fields: bool = False
    """Show disks in Cinder's calls with the fields of Cinder alone, which its own tests insist on (EVS_API B.3)."""
    region: str = "eu-de"
    more_regions: list[str] = field(default_factory=list)
    """Further regions that the catalogue lists, at the same addresses."""
    cloud: str = ""
    """Whose catalogue it is: the entries of another cloud have other ids."""
    microversion: str = "3.50"
    """The newest; EVS has that of Queens (EVS_API A). From 3.55 on it is a Cinder that transfers snapshots."""
    private_types: dict[str, list[str]] = field(default_factory=dict)
    """Volume types that only these tenants may use."""
    most_at_once: int = 0
    """Answer 429 to what comes while so many requests are in work; 0: no limit."""
    settle_reads: int = 1
    """How many readings show a disk reserved, attaching or detaching before it is done."""
    settle_seconds: float = 0.0
    """How long that lasts at least."""
    compute_version: str = "2.60"
    """The highest microversion of Nova (OTC: 2.60 by one page, 2.14 by another)."""
    plain_nova: bool = False
    """Refuse only what Nova refuses, not what OTC does besides."""

    def change(self, values: dict[str, Any]) -> None:
        """Set some of the values; refuse an unknown name."""
        major, dummy, minor = values.get("microversion", self.microversion).partition(".")
        if not (major.isdigit() and minor.isdigit()):
            raise ValueError(f"a microversion is like 3.50, not {values['microversion']}")
        unknown = set(values.get("catalogue", ())) - set(SERVICES)
        if unknown:
            raise ValueError(f"there is no service {', '.join(sorted(unknown))}")
        assign(self, values)


@dataclass(frozen=True)
class Domain:
    """What the documents call an account (EVS_API G.1)."""

    id: str
    name: str


@dataclass(frozen=True)
class Project:
    """A tenant."""

    id: str
    name: str
    domain: Domain


@dataclass(frozen=True)
class User:
    """Somebody with a password and one role in one project."""

    id: str
    name: str
    password: str
    project_id: str
    role: str
    domain: Domain
    agent: bool = False
    """Whether he may act for an agency: the role Agent Operator (EVS_API G.4)."""


@dataclass(frozen=True)
class Agency:
    """What lets the users of another domain act in a project of this one (EVS_API G.4)."""

    name: str
    delegate: Domain
    """The domain whose agents may use it."""
    user: User
    """Who acts: nobody who has a password."""


@dataclass
class Token:
    """A token; without a project it is good for nothing but asking for another one."""

    id: str
    user: User
    project_id: str
    role: str
    issued_at: datetime
    expires_at: datetime
    deadline: float


@dataclass
class Volume:
    """A disk with every field that a client may look at (EVS_API B.3)."""

    id: str
    project_id: str
    user_id: str
    name: str | None = None
    size: int = 1
    status: str = "available"
    description: str | None = None
    volume_type: str | None = "SSD"
    availability_zone: str = "eu-de-01"
    bootable: bool = False
    encrypted: bool = False
    vendor_encrypted: bool = False
    """Encrypted, but only os-vendor-volumes/{id} says so (EVS_API B.4.1)."""
    multiattach: bool = False
    snapshot_id: str | None = None
    source_volid: str | None = None
    consistencygroup_id: str | None = None
    group_id: str | None = None
    """A generic group of Cinder: shown from microversion 3.13 on, and EVS has none."""
    replication_status: str | None = "disabled"
    metadata: dict[str, str] = field(default_factory=dict)
    volume_image_metadata: dict[str, str] | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    host: str = "pod01.eu-de-01#SSD"
    service_type: str = "EVS"
    dedicated_storage_id: str | None = None
    dedicated_storage_name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    wwn: str | None = None
    enterprise_project_id: str = "0"
    created_at: str = ""
    updated_at: str | None = None


@dataclass
class Transfer:
    """An offer. The key is kept as a salted hash, as in Cinder: it cannot be read back."""

    id: str
    name: str | None
    volume_id: str
    project_id: str
    created_at: str
    salt: str
    key_hash: str
    along: tuple[str, ...] = ()
    """The constraints that it lifts: `snapshots`, `encrypted`."""

    def opens(self, key: str) -> bool:
        """Tell whether this is the key of the transfer."""
        return hmac.compare_digest(self.key_hash, digest(self.salt, key))


@dataclass(frozen=True)
class Outage:
    """Calls that a service answers with an error; what is not named may be anything."""

    service: str
    project_id: str | None = None
    user: str | None = None
    path: str = ""
    """The beginning of the path behind the project: /snapshots."""
    method: str | None = None

    def hits(self, service: str, token: Token, method: str, path: str) -> bool:
        """Tell whether it is about that call."""
        return (
            self.service == service
            and self.project_id in (None, token.project_id)
            and self.user in (None, token.user.name)
            and self.method in (None, method)
            and f"{path}/".startswith(f"/{self.path.strip('/')}/" if self.path else "/")
        )


@dataclass
class Limit:
    """A quota; without a limit the API does not show it at all."""

    limit: int | None = -1
    reserved: int = 0


@dataclass
class LoggedRequest:
    """One request in the log; status 0 while it is in work."""

    method: str
    path: str
    project: str | None
    number: int
    status: int = 0
    fault: str | None = None
    """The kind of the fault that hit it."""


class RequestLog:
    """The requests in the order they arrived, and how many were in work at once."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[LoggedRequest] = []
        self.in_flight = 0
        self.peak = 0

    def begin(self, method: str, path: str, project: str | None) -> LoggedRequest:
        """Note a request that arrived."""
        entry = LoggedRequest(method, path, project, len(self.entries) + 1)
        self.entries.append(entry)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        return entry

    def end(self, entry: LoggedRequest, status: int) -> None:
        """Note how it was answered."""
        entry.status = status
        self.in_flight -= 1

    def clear(self) -> None:
        """Forget what was asked so far."""
        self.entries.clear()
        self.peak = self.in_flight


class Timeline:
    """The ids of a project's volumes by age, so that a page costs no more than its length."""

    def __init__(self) -> None:
        """Start empty."""
        self._keys: list[tuple[str, str]] = []

    def add(self, volume: Volume) -> None:
        """Insert a volume at its place."""
        bisect.insort(self._keys, (volume.created_at, volume.id))

    def remove(self, volume: Volume) -> None:
        """Take a volume out."""
        self._keys.pop(bisect.bisect_left(self._keys, (volume.created_at, volume.id)))

    def ids(self, newest_first: bool, after: Volume | None) -> Iterator[str]:
        """Yield the ids in order, from behind that volume on."""
        keys = self._keys
        if newest_first:
            end = len(keys)
            if after is not None:
                end = bisect.bisect_left(keys, (after.created_at, after.id))
            return (keys[i][1] for i in range(end - 1, -1, -1))
        start = 0
        if after is not None:
            start = bisect.bisect_right(keys, (after.created_at, after.id))
        return (keys[i][1] for i in range(start, len(keys)))


def digest(salt: str, key: str) -> str:
    """Hash a key."""
    return hashlib.sha256((salt + key).encode()).hexdigest()


DEFAULT = Domain("default", "Default")
OTHER = Domain(stable_id("other domain").replace("-", ""), "OTC00000000001000000002")


def tenants() -> tuple[list[Project], list[User], list[Agency]]:
    """Return the projects, users and agencies that always exist; none of the passwords is a secret.

    A project of the second domain, and administrators, who see the disks of all projects as in Cinder.
    """
    a, b, c = (
        Project(stable_id(name).replace("-", ""), name, domain)
        for name, domain in (("tenant-a", DEFAULT), ("tenant-b", DEFAULT), ("tenant-c", OTHER))
    )

    def user(name: str, password: str, project: Project, role: str, agent: bool = False) -> User:
        return User(stable_id(name).replace("-", ""), name, password, project.id, role, project.domain, agent)

    users = [
        user("alice", "alicepw", a, "member", agent=True),
        user("bob", "bobpw", b, "member"),
        user("alice-ro", "alicepw", a, "reader"),
        user("carol", "carolpw", c, "member"),
        user("alice-admin", "alicepw", a, "admin"),
        user("carol-admin", "carolpw", c, "admin"),
    ]
    return [a, b, c], users, [Agency("movers", DEFAULT, user(f"{OTHER.name}/movers", "", c, "member"))]


class State:
    """The whole cloud."""

    def __init__(self, config: Config | None = None, rng_seed: int | None = None) -> None:
        """Set up the tenants; volumes come later."""
        self._initial = config or Config()
        self._rng_seed = rng_seed
        self._last_stamp = datetime.min.replace(tzinfo=timezone.utc)
        projects, users, self.agencies = tenants()
        self.projects = {project.id: project for project in projects}
        self.users = {user.name: user for user in users}
        self.access_keys = permanent_keys(self.users.values())
        self.tokens: dict[str, Token] = {}
        self.endpoints: dict[str, str] = {}
        self.log = RequestLog()
        self.reset()

    def reset(self) -> None:
        """Forget volumes, transfers, quotas, changes of the configuration and the log.

        Tokens stay valid, so that a client may keep its session.
        """
        self.config = replace(self._initial, catalogue=list(self._initial.catalogue), more_regions=[])
        self.random = random.Random(self._rng_seed)
        for key in self.access_keys.values():
            key.wrong.clear()
        self.volumes: dict[str, Volume] = {}
        self.transfers: dict[str, Transfer] = {}
        self.offers: dict[str, dict[str, Transfer]] = {p: {} for p in self.projects}
        self.usage: dict[str, Counter[str]] = {p: Counter() for p in self.projects}
        self.quotas = {p: default_quota() for p in self.projects}
        self.next_keys: deque[str] = deque()
        self.passwords: dict[str, str] = {}
        self.protection = Protection(self.volumes, self.usage)
        self.compute = Compute()
        self.outages: dict[Outage, int] = {}
        self.faults = Faults()
        self._past: State | None = None
        self._past_until = 0.0
        self._timelines = {p: Timeline() for p in self.projects}
        self.log.clear()

    def has(self, service: str) -> bool:
        """Tell whether this region has that service."""
        only = self.config.volumev3_only or self.config.leftover_v2
        return service == "evs" if only else service in self.config.catalogue

    def exists(self, backup: Backup) -> bool:
        """Tell whether the service that made a backup exists; that of CSBS is in no catalogue."""
        return backup.made_by == "csbs" or self.has(backup.made_by)

    # Names, ids, times

    def project_named(self, name: str) -> Project:
        """Return the project with that name or id."""
        for project in self.projects.values():
            if name in (project.name, project.id):
                return project
        raise ValueError(f"there is no tenant {name}")

    def member_of(self, project_id: str) -> User:
        """Return the user who owns what the control API creates in a project."""
        return next(u for u in self.users.values() if u.project_id == project_id)

    def new_id(self) -> str:
        """Return a UUID; the same ones in the same order under the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def stamp(self) -> str:
        """Return the time, later than at every call before."""
        now = datetime.now(timezone.utc)
        self._last_stamp = max(now, self._last_stamp + timedelta(microseconds=1))
        return utc(self._last_stamp)

    # Tokens

    def issue(self, user: User, project_id: str, role: str) -> Token:
        """Make a token. Its id does not come from the seed: it must never come twice."""
        now = datetime.now(timezone.utc)
        lifetime = self.config.token_lifetime
        token = Token(
            id=secrets.token_urlsafe(96),
            user=user,
            project_id=project_id,
            role=role,
            issued_at=now,
            expires_at=now + timedelta(seconds=lifetime),
            deadline=time.monotonic() + lifetime,
        )
        self.tokens[token.id] = token
        return token

    def signed(self, user: User, project_id: str) -> Token:
        """Return what stands for a token in a call that is signed; nobody can present it."""
        now = datetime.now(timezone.utc)
        return Token("", user, project_id, user.role, now, now, time.monotonic())

    def token(self, token_id: str) -> Token | None:
        """Return a token that is still valid."""
        token = self.tokens.get(token_id)
        if token is not None and time.monotonic() >= token.deadline:
            return None
        return token

    def expire_tokens(self, project_id: str | None = None) -> int:
        """End the tokens of a project, or all; their owners do not notice before the next call."""
        ended = [t for t in self.tokens.values() if project_id in (None, t.project_id)]
        for token in ended:
            del self.tokens[token.id]
        return len(ended)

    # Volumes

    def add_volume(self, project_id: str, user_id: str, **traits: Any) -> Volume:
        """Create a volume with those traits, whatever its quota says."""
        volume = Volume(id="", project_id=project_id, user_id=user_id)
        assign(volume, traits)
        volume.id = volume.id or self.new_id()
        if volume.id in self.volumes:
            raise ValueError(f"there is a volume {volume.id} already")
        volume.created_at = volume.created_at or self.stamp()
        volume.updated_at = volume.updated_at or volume.created_at
        self.volumes[volume.id] = volume
        self._enter(volume)
        return volume

    def change_volume(self, volume: Volume, **traits: Any) -> None:
        """Change traits of a volume and when it was updated."""
        # What lists and quotas count may change, the owner included.
        self._leave(volume)
        try:
            assign(volume, {"updated_at": self.stamp(), **traits})
        finally:
            self._enter(volume)

    def remove_volume(self, volume: Volume) -> None:
        """Delete a volume and the offer of it."""
        for transfer in [t for t in self.transfers.values() if t.volume_id == volume.id]:
            self.remove_transfer(transfer)
        self.protection.forget_disk(volume.id)
        self.compute.forget_disk(volume.id)
        self._leave(volume)
        del self.volumes[volume.id]

    def volume_of(self, project_id: str, volume_id: str) -> Volume | None:
        """Return a volume if that project owns it."""
        volume = self.volumes.get(volume_id)
        return volume if volume is not None and volume.project_id == project_id else None

    def volumes_by_age(self, project_id: str, newest_first: bool, after: Volume | None = None) -> Iterator[Volume]:
        """Yield a project's volumes, from behind that one on."""
        ids = self._timelines[project_id].ids(newest_first, after)
        return (self.volumes[i] for i in ids)

    def _enter(self, volume: Volume) -> None:
        self._timelines[volume.project_id].add(volume)
        self.usage[volume.project_id].update(self._footprint(volume))

    def _leave(self, volume: Volume) -> None:
        self._timelines[volume.project_id].remove(volume)
        self.usage[volume.project_id].subtract(self._footprint(volume))

    def _footprint(self, volume: Volume) -> Counter[str]:
        """Return what a volume takes of its project's quotas, with its snapshots."""
        return Counter(demand(volume.size, volume.volume_type)) + self.protection.snapshot_footprint(volume)

    # Transfers

    def add_transfer(self, volume: Volume, name: str | None, along: tuple[str, ...] = ()) -> tuple[Transfer, str]:
        """Offer a volume; return the transfer and its key, which exists nowhere else."""
        key = self.next_keys.popleft() if self.next_keys else f"{self.random.getrandbits(64):016x}"
        salt = f"{self.random.getrandbits(32):08x}"
        transfer = Transfer(
            id=self.new_id(),
            name=name,
            volume_id=volume.id,
            project_id=volume.project_id,
            created_at=self.stamp(),
            salt=salt,
            key_hash=digest(salt, key),
            along=along,
        )
        self.transfers[transfer.id] = transfer
        self.offers[volume.project_id][transfer.id] = transfer
        self._set_status(volume, "awaiting-transfer")
        return transfer, key

    def remove_transfer(self, transfer: Transfer) -> None:
        """Drop the record of a transfer; its volume becomes available if it waited for it."""
        del self.transfers[transfer.id]
        del self.offers[transfer.project_id][transfer.id]
        volume = self.volumes[transfer.volume_id]
        if volume.status == "awaiting-transfer":
            self._set_status(volume, "available")

    def accept_transfer(self, transfer: Transfer, project_id: str, user_id: str) -> None:
        """Give the volume to another owner."""
        volume = self.volumes[transfer.volume_id]
        self.remove_transfer(transfer)
        self.change_volume(volume, project_id=project_id, user_id=user_id)

    def _set_status(self, volume: Volume, status: str) -> None:
        volume.status = status
        volume.updated_at = self.stamp()

    # Outages

    def set_outage(self, outage: Outage, status: int | None) -> None:
        """Begin an outage, or end it with None; the last one that hits a call counts."""
        self.outages.pop(outage, None)
        if status is not None:
            self.outages[outage] = status

    def outage_of(self, service: str, token: Token, method: str, path: str) -> int | None:
        """Return the status that a call gets instead of an answer."""
        hits = [status for outage, status in self.outages.items() if outage.hits(service, token, method, path)]
        return hits[-1] if hits else None

    # Faults

    def lag(self, seconds: float) -> None:
        """Show for so long what is there now, whatever changes."""
        if time.monotonic() >= self._past_until:
            self._past = self._snapshot()
        self._past_until = time.monotonic() + seconds

    def for_call(self, method: str, pretend: bool) -> State:
        """Return what a call is to work on: this, or what is not to be kept or not up to date."""
        if pretend:
            return self._snapshot()
        if method == "GET" and self._past is not None and time.monotonic() < self._past_until:
            return self._past
        return self

    def _snapshot(self) -> State:
        """Return a cloud with the same disks and transfers, which change without these."""
        past = copy.copy(self)
        past.volumes = {key: replace(volume) for key, volume in self.volumes.items()}
        past.transfers = {key: replace(transfer) for key, transfer in self.transfers.items()}
        past.offers = {project: {key: past.transfers[key] for key in offers} for project, offers in self.offers.items()}
        past.usage = {project: Counter(usage) for project, usage in self.usage.items()}
        past._timelines = copy.deepcopy(self._timelines)
        past.compute = self.compute.copied()
        return past

    # Quotas

    def set_quota(self, project_id: str, limits: dict[str, Any]) -> None:
        """Set limits by name: a number, null to hide the quota, or {"limit": 5, "reserved": 2}."""
        quota = self.quotas[project_id]
        for name, value in limits.items():
            entry = quota.setdefault(name, Limit())
            assign(entry, value if isinstance(value, dict) else {"limit": value})

    def dump(self, volume: Volume) -> dict[str, Any]:
        """Return everything about a volume, for assertions."""
        return asdict(volume) | {"tenant": self.projects[volume.project_id].name}


def default_quota() -> dict[str, Limit]:
    """Return the quotas of a new project: all unlimited, in the order of the real answer."""
    names = ["volumes", "per_volume_gigabytes", "snapshots", "gigabytes"]
    names += ["backups", "backup_gigabytes"]
    names += [f"{r}_{t}" for t in TYPES_WITH_QUOTA for r in QUOTA_RESOURCES]
    return {name: Limit() for name in names}


def demand(size: int, volume_type: str | None) -> dict[str, int]:
    """Return what a volume of that size and type takes of a quota."""
    taken = {"volumes": 1, "gigabytes": size}
    if volume_type:
        taken |= {f"volumes_{volume_type}": 1, f"gigabytes_{volume_type}": size}
    return taken


def known_types(volumes: Iterable[Volume]) -> list[str]:
    """Return the volume types of the cloud and those that tests made up."""
    extra = {v.volume_type for v in volumes if v.volume_type} - set(VOLUME_TYPES)
    return [*VOLUME_TYPES, *sorted(extra)]
