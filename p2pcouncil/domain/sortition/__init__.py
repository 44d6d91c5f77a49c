"""The lot: who tells and who oversees, drawn so that nobody can choose it and everybody can check it."""
