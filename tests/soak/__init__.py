"""A simulated year: the real services on a real database, judged by a model of what must have been posted when.

`python -m tests.soak --seed 7 --days 365 --scale 1.0`

The model (`events`, `expectations`) is written from the contract alone and shares no rule with the code it judges: it
has its own recurrence and its own books of what became known when.
"""
