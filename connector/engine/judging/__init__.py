"""Leads are judged by their facts, and given what only the whole workspace can give."""
