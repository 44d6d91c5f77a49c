"""What a person can see: read-only views, built from the state, with strangers' text already cleaned.

Screens and the command line render these and nothing else. A view never claims more than is known: numbers that are
only what *this* peer has heard say so in a sentence of their own.
"""
