"""Messages of the bot as people see them: a gallery made by the real services, shown as a client shows it."""
