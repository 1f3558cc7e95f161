"""Template functions over numbers, points in time, durations and ranges of addresses.

They raise ValueError or ArithmeticError for what they cannot work on; the evaluation makes
a TemplateError of that.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import operator
from typing import TYPE_CHECKING, Any, TypeAlias

import isodate

from scanner.engine.values import Number, as_moment, is_number, kind_of, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

Range: TypeAlias = tuple[int, int, int]
"""IP version, first and last address as numbers."""

_LARGEST = 2**63

_LONGEST_NUMBER = 39
"""Letters of a number's text; longer ones are no number that Azure has."""


def as_operand(value: Any) -> Number:
    """Return a number for a calculation; Azure calculates with numbers only, not with texts."""
    if not is_number(value):
        raise unexpected("a number", value)
    return _checked(value)


def as_whole(value: Any) -> int:
    """Return a whole number."""
    number = as_operand(value)
    if number != int(number):
        raise ValueError(f"expected a whole number, not {number}")
    return int(number)


def _checked(number: Number) -> Number:
    if not math.isfinite(number) or not -_LARGEST <= number < _LARGEST:
        raise ValueError("the number does not fit into 64 bits")
    return number


def arithmetic(calculate: Callable[[Number, Number], Number]) -> Callable[[Any, Any], Number]:
    """Make a function of two numbers."""
    return lambda left, right: _checked(calculate(as_operand(left), as_operand(right)))


add = arithmetic(operator.add)
subtract = arithmetic(operator.sub)
multiply = arithmetic(operator.mul)


def divide(left: Any, right: Any) -> int:
    """Return the whole part of a division, cut towards zero as in .NET."""
    dividend, divisor = as_whole(left), as_whole(right)
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def remainder(left: Any, right: Any) -> int:
    """Return what a division leaves, with the sign of the dividend as in .NET."""
    return as_whole(left) - as_whole(right) * divide(left, right)


def extreme(choose: Callable[[list[Number]], Number]) -> Callable[..., Number]:
    """Make `min` or `max`, over one array or over the arguments."""

    def call(*values: Any) -> Number:
        single = len(values) == 1 and isinstance(values[0], (list, tuple))
        members = [as_operand(member) for member in (values[0] if single else values)]
        if not members:
            raise ValueError("the array is empty")
        return choose(members)

    return call


def to_int(value: Any) -> int:
    """Return a whole number from a number or the text of one."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        value = int(value)
    return int(_checked(math.trunc(as_operand(value))))


def to_float(value: Any) -> float:
    """Return a floating point number from a number or the text of one."""
    return float(_checked(float(value) if isinstance(value, str) else as_operand(value)))


def moment(value: Any) -> dt.datetime:
    """Return the point in time that a text names."""
    found = as_moment(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected an ISO 8601 date and time, not {kind_of(value)} {value!r}")
    return found


def _iso(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def add_days(start: Any, days: Any) -> str:
    """Return the time so many days later, in UTC."""
    return _iso(moment(start) + dt.timedelta(days=as_whole(days)))


def date_time_add(start: Any, duration: Any) -> str:
    """Return the time a duration later, in UTC; years and months are those of the calendar."""
    return _iso(moment(start) + _duration(duration))


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        raise unexpected("an ISO 8601 duration", value)
    return isodate.parse_duration(value)


def duration_seconds(value: Any) -> Number:
    """Return the length of an ISO 8601 duration in seconds.

    Years and months have no fixed length, so a duration that names them is refused.
    """
    duration = _duration(value)
    if isinstance(duration, isodate.Duration):
        raise ValueError(f"the length of '{value}' depends on the calendar")  # noqa: TRY004
    seconds: float = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _range(value: Any) -> Range:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a range of IP addresses, not an empty value")
    first, separator, last = (part.strip() for part in value.partition("-"))
    if separator:
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
        if low.version != high.version or int(low) > int(high):
            raise ValueError(f"'{value}' is not a range of IP addresses")
        return low.version, int(low), int(high)
    network = ipaddress.ip_network(first, strict=False)
    return network.version, int(network.network_address), int(network.broadcast_address)


def ip_range_contains(outer: Any, inner: Any) -> bool:
    """Tell whether one range of addresses lies within the other, borders included.

    A range is an address, a CIDR range, or two addresses joined by a hyphen.
    """
    version, first, last = _range(outer)
    inner_version, inner_first, inner_last = _range(inner)
    if version != inner_version:
        raise ValueError(f"'{outer}' and '{inner}' are of different IP versions")
    return first <= inner_first and inner_last <= last


def cidr_prefix(value: Any) -> int:
    """Return the length of a CIDR range's prefix; that of a single address is all its bits."""
    if not isinstance(value, str):
        raise unexpected("a CIDR range", value)
    return ipaddress.ip_network(value.strip(), strict=False).prefixlen
