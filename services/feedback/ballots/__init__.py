"""Ballot rounds 评议/测评: who may vote on what, one changeable secret ballot each, and what is told."""
