"""Money as it is told: whole fen, and the most that one amount may be. The rules know no other bound."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

MOST_FEN = 10_000_000_000  # a hundred million yuan: beyond this an amount is a slip of the pen


def fen(least: int, **kwargs: Any) -> fields.Integer:
    """An amount from ``least`` to ``MOST_FEN``, in fen."""
    return fields.Integer(strict=True, validate=validate.Range(min=least, max=MOST_FEN), **kwargs)
