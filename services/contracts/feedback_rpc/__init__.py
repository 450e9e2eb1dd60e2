"""Requests and answers of the feedback service, one module for each of its parts.

Ids are opaque texts. A request's dates are campus dates.
"""
