# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite files of Keystone and Cinder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

KEPT_TABLES = ("services", "alembic_version")
"""What belongs to the running processes rather than to the state of the cloud."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a database in autocommit mode, patient with the process that uses it."""
    return sqlite3.connect(f"file:{path}", uri=True, timeout=300, isolation_level=None)


def restore(live: Path, clean: Path) -> None:
    """Give the database of a running service the content of the clean one, in one transaction."""
    with closing(connect(live)) as database:
        database.execute("ATTACH DATABASE ? AS clean", (f"file:{clean}?immutable=1",))
        database.execute("BEGIN IMMEDIATE")
        for table in _tables(database):
            database.execute(f'DELETE FROM main."{table}"')
            database.execute(f'INSERT INTO main."{table}" SELECT * FROM clean."{table}"')
        database.execute("COMMIT")


def _tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT name FROM clean.sqlite_master WHERE type = 'table'")
    names = [str(name) for (name,) in rows]
    return [n for n in names if n not in KEPT_TABLES and not n.startswith("sqlite_")]
