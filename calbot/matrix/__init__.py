"""The homeserver: what comes in from its sync, and the rooms the bot speaks in."""
