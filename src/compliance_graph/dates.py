"""Days and durations: the only arithmetic with dates in the product.

One type, `datetime.date`; nothing here reads a clock. Months keep the day of the month, cut to
the last day of a shorter month (31 January + P1M is 28 or 29 February); 29 February + P1Y is
28 February. A sum past the last day of the calendar is that last day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from compliance_graph.model import Duration

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z", re.ASCII)
_DURATION = re.compile(
    r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?\Z", re.ASCII
)


def to_date(text: object) -> date | None:
    """A real calendar date written YYYY-MM-DD; None for anything else."""
    if not isinstance(text, str):
        return None
    match = _DATE.match(text)
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def to_duration(text: object) -> Duration | None:
    """An ISO 8601 duration of whole years, months, weeks, days; None for anything else."""
    if not isinstance(text, str) or len(text) < 3:
        return None
    match = _DURATION.match(text)
    if not match:
        return None
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    return Duration(text, years * 12 + months, weeks * 7 + days)


def add(day: date, duration: Duration) -> date:
    """The day a duration later."""
    try:
        if duration.months:
            month = day.month - 1 + duration.months
            year = day.year + month // 12
            month = month % 12 + 1
            day = date(year, month, min(day.day, monthrange(year, month)[1]))
        return day + timedelta(days=duration.days)
    except (OverflowError, ValueError):
        return date.max


def in_words(duration: Duration) -> str:
    """A duration in words: "1 year", "90 days", "6 months"."""
    parts = []
    years, months = divmod(duration.months, 12)
    for count, unit in ((years, "year"), (months, "month"), (duration.days, "day")):
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " and ".join(parts) or "no time"
