"""Campaigns: micro-lectures are called for, handed in, reviewed by somebody else, published once."""
