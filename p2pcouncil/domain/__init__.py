"""Pure rules: what the entries of a council mean. No clock, no network, no chance, no float."""
