"""Text files that people write and correct by hand: from bytes to lines and cells, and errors that say where.

Pure, and shared by everything that reads such a file: votes on paper, tables of what goods take.
"""
