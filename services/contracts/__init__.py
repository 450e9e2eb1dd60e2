"""The published language: schemas of events and RPC requests, one module per owning service."""
