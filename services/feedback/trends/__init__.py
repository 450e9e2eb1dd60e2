"""Trends 趋势: how many opinions are about what, where and when; of nobody, and never of few."""
