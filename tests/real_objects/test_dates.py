"""Dates and times of the standard library, with time zones."""

import calendar
import datetime
import email.utils
import time
import zoneinfo

import pytest
from comparisons import compare

BERLIN = "Europe/Berlin"


class Zone(datetime.tzinfo):
    """A time zone of the program's own, with attributes."""

    def __init__(self, hours=0):
        self.hours = hours

    def utcoffset(self, when):
        return datetime.timedelta(hours=self.hours)

    def dst(self, when):
        return None


class Moment(datetime.datetime):
    """A subclass with attributes."""


def moment():
    obj = Moment(2020, 1, 1, tzinfo=Zone(2))
    obj.note = ["attribute"]
    return obj


def zoned(**options):
    return datetime.datetime(2020, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo(BERLIN), **options)


def shared():
    zone = datetime.timezone(datetime.timedelta(hours=1), "named")
    return [datetime.time(1, tzinfo=zone), datetime.datetime(2020, 1, 1, tzinfo=zone), zone]


SPECIMENS = {
    "date": lambda: [datetime.date(2020, 2, 29), datetime.date.min, datetime.date.max],
    "time": lambda: [datetime.time(1, 2, 3, 4), datetime.time.max],
    "moment": lambda: [datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.datetime.min],
    "span": lambda: [datetime.timedelta(-1, 2, 3), datetime.timedelta.max, datetime.timedelta()],
    "zone": lambda: [datetime.UTC, datetime.UTC, datetime.timezone(datetime.timedelta(minutes=90))],
    "shared zone": shared,
    "zone of its own": lambda: datetime.datetime(2020, 1, 1, tzinfo=Zone(3)),
    "subclass": moment,
    "calendar": lambda: [calendar.Calendar(6), calendar.TextCalendar(), calendar.HTMLCalendar(1)],
    "fields": lambda: [time.gmtime(0), email.utils.localtime],
    "week of the year": lambda: datetime.date(2020, 1, 1).isocalendar(),
    "time in a fold": lambda: [datetime.time(fold=1), datetime.datetime(2020, 10, 25, 2, fold=1)],
    "classes": lambda: [datetime.datetime, datetime.datetime.now, time.time, datetime.MINYEAR],
    "days": lambda: [calendar.MONDAY, calendar.IllegalMonthError(13)],
}

IN_ZONES = {
    "zone by name": lambda: zoneinfo.ZoneInfo(BERLIN),
    "zone without cache": lambda: zoneinfo.ZoneInfo.no_cache(BERLIN),
    "moments in a zone": lambda: [zoned(), zoned().timetz(), zoned().astimezone(datetime.UTC)],
    "moment in a fold": lambda: zoned(fold=1),
    "missing zone": lambda: zoneinfo.ZoneInfoNotFoundError("text"),
}

# A week becomes a tuple, and below protocol 4 a fold is not written.
NOT_READ_BACK = {"week of the year", "time in a fold", "moment in a fold"}


@pytest.mark.parametrize("name", SPECIMENS)
def test_dates(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)


@pytest.mark.parametrize("name", IN_ZONES)
def test_dates_in_zones(name, face, protocol):
    try:
        zoneinfo.ZoneInfo(BERLIN)
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no data of time zones")
    compare(face, IN_ZONES[name], protocol, name not in NOT_READ_BACK)
