"""Measures 改进举措 and their results 办理结果."""
