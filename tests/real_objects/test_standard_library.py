"""Objects of many modules of the standard library, one or two of each."""

import contextvars
import csv
import difflib
import fractions
import graphlib
import hashlib
import http.cookiejar
import http.cookies
import io
import ipaddress
import operator
import optparse
import os
import pathlib
import platform
import plistlib
import re
import sched
import socket
import string
import struct
import tarfile
import textwrap
import threading
import tokenize
import traceback
import unittest
import unittest.mock
import urllib.parse
import uuid
import zipfile

import pytest
from comparisons import compare


def sorter():
    made = graphlib.TopologicalSorter(
        {
            "d": {
                "b",
            },
            "b": {"a"},
        }
    )
    made.add("e", "d", "a")
    return made


def prepared():
    made = sorter()
    made.prepare()
    made.done(*made.get_ready())
    return made


def cookies():
    made = http.cookies.SimpleCookie("a=1; b=2")
    made["a"]["path"] = "/"
    return made


def options():
    parser = optparse.OptionParser("usage")
    parser.add_option("-a", "--all", action="store_true", default=False)
    return parser


def matcher():
    made = difflib.SequenceMatcher(a="abcd", b="bcde")
    made.ratio()
    return made


def tokens():
    return list(tokenize.generate_tokens(io.StringIO("x = [1]  # text\n").readline))


def error_report():
    try:
        fractions.Fraction(1, 0)
    except ZeroDivisionError as error:
        report = traceback.TracebackException.from_exception(error)
        return list(report.format_exception_only())


def read_from(stream):
    stream.read(2)
    return stream


PATTERNS = ["a+", r"(?P<name>\w+)-(\d)", "é"]
NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]
ADDRESSES = ["127.0.0.1", "::1", "fe80::1%eth0"]

SPECIMENS = {
    "uuid": lambda: [uuid.UUID(int=5), uuid.NAMESPACE_DNS, uuid.UUID(int=6, is_safe=uuid.SafeUUID.safe)],
    "pure paths": lambda: [pathlib.PurePosixPath("a/b"), pathlib.PureWindowsPath("c:/x"), pathlib.PurePath()],
    "paths": lambda: [pathlib.Path("/a/b.txt"), pathlib.Path("."), pathlib.Path("/a").parents[0]],
    "patterns": lambda: [re.compile(text) for text in PATTERNS] + [re.compile(b"x", re.I | re.M)],
    "flags of patterns": lambda: [re.IGNORECASE, re.A | re.X],
    "match": lambda: re.match("a", "a"),
    "addresses": lambda: [ipaddress.ip_address(text) for text in ADDRESSES],
    "networks": lambda: [ipaddress.ip_network(text) for text in NETWORKS],
    "interfaces": lambda: [ipaddress.ip_interface("10.0.0.1/8"), ipaddress.AddressValueError("text")],
    "sorter": sorter,
    "prepared sorter": prepared,
    "cycle error": lambda: graphlib.CycleError("text", ["a", "b", "a"]),
    "template": lambda: [string.Template("$a ${b}"), string.Formatter()],
    "struct": lambda: struct.Struct("<i"),
    "operators": lambda: [operator.itemgetter(1, "a"), operator.attrgetter("a.b"), operator.add],
    "method caller": lambda: operator.methodcaller("get", 1, default=[2]),
    "streams": lambda: [read_from(io.BytesIO(b"bytes")), read_from(io.StringIO("a\ntext"))],
    "file": lambda: open(os.devnull),
    "difference": matcher,
    "words": lambda: textwrap.TextWrapper(width=30),
    "tokens": tokens,
    "report": error_report,
    "summary": lambda: traceback.StackSummary.from_list([("file.py", 1, "f", "x = 1")]),
    "addresses of pages": lambda: [
        urllib.parse.urlsplit("http://a/b?c#d"),
        urllib.parse.urlparse(b"http://a;p"),
    ],
    "cookies": cookies,
    "jar": http.cookiejar.CookieJar,
    "options": options,
    "status": lambda: os.stat_result(range(10)),
    "terminal": lambda: os.terminal_size((80, 24)),
    "machine": lambda: platform.uname()._replace(node="node"),
    "families": lambda: [socket.AF_INET, socket.SOCK_STREAM],
    "socket": lambda: socket.socket,
    "zip": lambda: zipfile.ZipInfo("name", (2020, 1, 1, 0, 0, 0)),
    "tar": lambda: tarfile.TarInfo("name"),
    "property list": lambda: [plistlib.UID(5), plistlib.FMT_XML],
    "dialect": lambda: [csv.excel, csv.excel_tab()],
    "scheduled": lambda: sched.Event(1.0, 2, 0, print, ("a",), {}),
    "test case": lambda: unittest.FunctionTestCase(print),
    "sentinel": lambda: [unittest.mock.sentinel.thing, unittest.mock.call(1, a=2)],
    "any": lambda: [unittest.mock.ANY, unittest.mock.DEFAULT],
    "mock": unittest.mock.Mock,
    "digest": hashlib.sha256,
    "lock": threading.Lock,
    "thread": lambda: threading.Thread(name="name"),
    "local to a thread": threading.local,
    "context": contextvars.copy_context,
    "context variable": lambda: contextvars.ContextVar("name"),
    "module": lambda: struct,
    "code": lambda: sorter.__code__,
}

# Made at protocols 0 and 1 for nothing; compared by attributes that are made when they are asked for.
NOT_READ_BACK = {"match", "digest", "sentinel", "addresses of pages"}


@pytest.mark.parametrize("name", SPECIMENS)
def test_standard_library(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)
