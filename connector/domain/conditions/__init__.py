"""Conditions, as data and as functions."""
