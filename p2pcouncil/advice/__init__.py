"""Suggestions to a council: what it could propose at the prices of a round, by its own technique or preferences.

Pure, but with floats: a suggestion is made for one council, which may accept, edit or ignore it. Peers agree on what
councils propose and never on how they came to it, so nothing here reaches what is signed without a person's choice.
"""
