"""Benchmarks: what a command and a sync cost, as ratios against a floor measured in the same run."""
