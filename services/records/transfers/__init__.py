"""Transfers of membership 组织关系转接: between branches of the campus, out of it and into it."""
