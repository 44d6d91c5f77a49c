"""One module per screen: what a member sees and can do there."""
