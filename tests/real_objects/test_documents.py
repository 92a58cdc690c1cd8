"""Documents and the programs around them: JSON, mail, XML, configuration, logging, arguments."""

import argparse
import configparser
import email
import email.message
import email.policy
import html.parser
import json
import logging
import mailbox
import xml.dom.minidom
import xml.etree.ElementTree
import xml.sax

import pytest
from comparisons import compare

JSON = """{"users": [{"name": "a", "tags": ["x", "y"], "size": 1.5, "on": true, "of": null},
{"name": "b", "tags": [], "size": -1e400, "on": false, "of": {"name": "a"}}], "é": "\\u00e9\\ud800",
"long": 123456789012345678901234567890, "": [[[[]]]]}"""

XML = '<a x="1">text<b>inner</b>tail<c y="é"/><!--comment--><?do it?></a>'

MAIL = """From: a@example.org
To: B <b@example.org>
Subject: =?utf-8?q?caf=C3=A9?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain

text
--x
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAEC
--x--
"""


def elements():
    root = xml.etree.ElementTree.fromstring(XML)
    return [root, root[0], xml.etree.ElementTree.ElementTree(root)]


def element_with_parts():
    root = xml.etree.ElementTree.Element("a", {"k": "v"})
    child = xml.etree.ElementTree.SubElement(root, "b")
    root.append(child)
    child.text, child.tail = "text", "tail"
    return root


def mail():
    message = email.message.EmailMessage()
    message["Subject"] = "text é"
    message["To"] = "B <b@example.org>"
    message.set_content("text\n")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="name")
    return message


def configuration():
    parser = configparser.ConfigParser()
    parser.read_string("[DEFAULT]\na = 1\n[section]\nb = %(a)s\nc = text\n")
    return parser


def arguments():
    parser = argparse.ArgumentParser("program", description="text")
    parser.add_argument("-n", "--number", type=int, default=3, choices=range(5))
    parser.add_argument("names", nargs="*")
    return parser


def record():
    made = logging.LogRecord("name", logging.INFO, "file.py", 1, "text %s", ("a",), None)
    made.created = made.msecs = made.relativeCreated = 0.0
    if hasattr(made, "processName"):
        made.extra = ["attribute"]
    return made


def loggers():
    logger = logging.getLogger("oxipickle.tests.real_objects")
    return [logger, logger, logging.getLogger()]


def decoded_lines():
    return [json.loads(line) for line in ['{"key": [1, 2]}', '{"key": {"key": "key"}}', "[1.5, null]"] * 3]


SPECIMENS = {
    "json": lambda: json.loads(JSON),
    "json in an order": lambda: json.loads(JSON, object_pairs_hook=list),
    "json as tuples": lambda: json.loads(JSON, parse_float=str, parse_constant=str),
    "lines of json": decoded_lines,
    "json by halves": lambda: [json.JSONDecoder, json.JSONEncoder(indent=2)],
    "json decoder": json.JSONDecoder,
    "json error": lambda: json.JSONDecodeError("text", "doc", 1),
    "elements": elements,
    "element with parts": element_with_parts,
    "markup": lambda: xml.dom.minidom.parseString(XML),
    "events": lambda: xml.sax.xmlreader.AttributesImpl({"a": "b"}),
    "mail": mail,
    "mail that was read": lambda: email.message_from_string(MAIL),
    "mail under a policy": lambda: email.message_from_string(MAIL, policy=email.policy.default),
    "policies": lambda: [email.policy.default, email.policy.SMTP, email.policy.compat32],
    "header": lambda: mail()["To"],
    "mail in a box": lambda: mailbox.MaildirMessage(MAIL).get_flags(),
    "configuration": configuration,
    "section": lambda: configuration()["section"],
    "configuration error": lambda: [configparser.NoSectionError("a"), configparser.NoOptionError("a", "b")],
    "arguments": arguments,
    "parsed arguments": lambda: arguments().parse_args(["-n", "2", "a", "b"]),
    "argument error": lambda: argparse.ArgumentTypeError("text"),
    "loggers": loggers,
    "log record": record,
    "formatter": lambda: [logging.Formatter("%(message)s"), logging.Filter("name")],
    "other formatter": lambda: logging.Formatter("{message}", style="{", defaults={"a": 1}),
    "handler": logging.NullHandler,
    "adapter": lambda: logging.LoggerAdapter(logging.getLogger("name"), {"a": 1}),
    "page parser": lambda: html.parser.HTMLParser(),
}

# Each header that is read back gets a new class.
NOT_READ_BACK = {"mail", "header"}


@pytest.mark.parametrize("name", SPECIMENS)
def test_documents(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)
