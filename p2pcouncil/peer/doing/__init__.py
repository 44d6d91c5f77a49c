"""From a user's command to what is written: checked first, signed afterwards."""
