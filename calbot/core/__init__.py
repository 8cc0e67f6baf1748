"""The pure core: functions over values, without I/O, clock, randomness or event loop."""
