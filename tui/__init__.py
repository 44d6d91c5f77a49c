"""The terminal interface: screens that render views and post commands, and never touch the net or the store."""
