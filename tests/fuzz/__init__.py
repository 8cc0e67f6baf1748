"""Inputs by chance for everything that reads what people type. ``python -m tests.fuzz 1000000`` feeds a million."""
