"""
Column types that read and write the values of the vocabulary.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

Id = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER counts up by itself in SQLite


class Words(TypeDecorator[str]):
    """
    Text as others wrote it; what a database cannot keep (NUL, half a surrogate pair) becomes U+FFFD or `?`.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Moment(TypeDecorator[dt.datetime]):
    """An aware time in UTC, kept as such on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Struct(TypeDecorator[Any]):
    """A value that msgspec can read and write, as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, type_: Any = Any) -> None:
        """
        Args:
            type_: What the JSON decodes to.
        """
        super().__init__()
        self.type_ = type_

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode("utf-8")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value, type=self.type_)
