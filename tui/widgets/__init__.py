"""Parts that screens share: lists that keep their cursor, forms, ballots, the lines above and below."""
