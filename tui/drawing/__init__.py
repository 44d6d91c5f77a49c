"""Pure functions from views to styled text: what a screen says, apart from how it moves."""
