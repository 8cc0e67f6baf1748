"""The use cases: what the bot does, in terms of the core and of ports."""
