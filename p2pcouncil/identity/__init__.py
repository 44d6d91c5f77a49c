"""Who I am on this laptop: the recovery phrase, the keys, and the files that keep them."""
