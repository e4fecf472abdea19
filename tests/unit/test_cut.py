# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is cut out of the words of a server, and what is left."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import urllib.parse
from collections.abc import Callable

import pytest

from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets, texts_in

Spell = Callable[[str], str]
SPELLINGS: dict[str, Spell] = {
    "as it is": str,
    "without blanks around it": str.strip,
    "JSON": json.dumps,
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON, slashes": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "Python": repr,
    "Python, ASCII": ascii,
    "a Python dictionary": lambda secret: repr({"password": secret}),
    "HTML": html.escape,
    "a part of a URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "a path": urllib.parse.quote,
    "a query": lambda secret: urllib.parse.urlencode({"password": secret}),
    "percent, small": lambda secret: re.sub(
        "%..", lambda found: found.group().lower(), urllib.parse.quote(secret, safe="")
    ),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "basic": lambda secret: base64.b64encode(f"alice:{secret}".encode()).decode(),
    "basic, longer name": lambda secret: base64.b64encode(f"alice1:{secret}".encode()).decode(),
}
ODD = {
    "plain": "5ecre7-of-a11",
    "quotes": "5ecre7'\"a11",
    "backslash": "5ecre7\\a11",
    "breaks": "5ecre7\r\na11\n",
    "control": "5ecre7\0\x1ba11",
    "no width": "5ecre7\u200b\u202ea11",
    "template": "5ecre7{{ x }}{% y %}%s$HOME",
    "URL": " 5ecre7/?#&=+<>%40:@ a11 ",
    "not ASCII": "5ecre7ä你😀a11",
    "blanks": "  5ecre7 a11\t",
    "digits": "481516234248",
    "long": "5ecre7" * 700,
}


@pytest.mark.parametrize("secret", ODD.values(), ids=ODD)
@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_cut_out_however_it_is_spelt(spell: Spell, secret: str) -> None:
    """S7"""
    secrets = Secrets()
    secrets.add([secret])
    spelt = spell(secret)
    left = secrets.cut(f"before,{spelt},after")
    assert left.startswith("before,")
    assert left.endswith(",after")
    assert spelt.strip("=") not in left
    # In base64 up to two characters at each end hold bits of the neighbours as well.
    assert len(left) - len("before,********,after") <= len("alice1:") * 2 + 30
    assert "5ecre7" not in left
    assert "a11" not in left


@pytest.mark.parametrize(
    ("secret", "words", "left"),
    [
        (
            "a",
            "Disk data-a of alice: a is no password, 'a' is none",
            "Disk data-a of alice: ******** is no password, '********' is none",
        ),
        ("1", "limit 10 of 1; 1-a, a_1", "limit 10 of ********; 1-a, a_1"),
        (
            "data",
            "Disk app01-data has no metadata; password=data.",
            "Disk app01-data has no metadata; password=********.",
        ),
        ("cafe", "00000000-0000-4000-cafe-0000cafe0000", "00000000-0000-4000-cafe-0000cafe0000"),
        ("  ", "two  blanks", "two  blanks"),
        ("", "nothing", "nothing"),
        ("longsecret", "xlongsecretx", "x********x"),
        ("7chars!", "(7chars!)", "(********)"),
    ],
)
def test_a_short_secret_is_cut_where_it_stands_by_itself(secret: str, words: str, left: str) -> None:
    secrets = Secrets()
    secrets.add([secret])
    assert secrets.cut(words) == left


def test_nothing_is_left_of_a_secret_that_begins_like_another() -> None:
    secrets = Secrets()
    secrets.add(["longsecret"])
    secrets.add(["longsecret-of-the-target", "longsecret"])
    secrets.add_key("0123456789abcdef")
    assert secrets.cut("longsecret-of-the-target 0123456789abcdef longsecret") == "******** ******** ********"


def test_names_are_cut_only_for_what_is_in_none_by_chance() -> None:
    secrets = Secrets()
    secrets.add(["production-data", "5ecre7-of-16-chars"])
    secrets.add_key("0123456789abcdef")
    assert secrets.in_names() == {"5ecre7-of-16-chars"}


def test_secrets_come_in_while_others_are_cut() -> None:
    secrets = Secrets()

    def come(first: int) -> None:
        for number in range(40):
            secrets.add([f"secret-{first}-{number}"])

    threads = [threading.Thread(target=come, args=[first]) for first in range(4)]
    for thread in threads:
        thread.start()
    for dummy in range(200):
        secrets.cut("words")
    for thread in threads:
        thread.join()
    assert secrets.cut("secret-3-39 secret-0-0") == "******** ********"


def test_all_texts_in_a_value_are_found() -> None:
    value = {"a": ["b", {"c": 1}, (2.5, None, True)], "d": ""}
    assert list(texts_in(value)) == ["a", "b", "c", "1", "2.5", "d", ""]
