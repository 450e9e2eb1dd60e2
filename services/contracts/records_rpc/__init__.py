"""Requests and answers of the records service, one module for each of its parts.

Ids are opaque texts. A request's dates are campus dates. ``expected_version`` is the version that the
caller saw (the ETag); a command on another version is refused with ``version.stale``.
"""
