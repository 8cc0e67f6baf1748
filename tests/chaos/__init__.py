"""Kills of a real bot on real servers, in numbers: `make chaos`. A few of each are part of `make test`."""
