"""The real world around the plugin: homeserver, calendar server, maubot, people. Demonstration and tests share it."""
