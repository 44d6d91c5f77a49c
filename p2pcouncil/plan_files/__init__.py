"""Tables of what goods take, as files: read and written, with errors that name the line.

Pure: bytes in, techniques out. It knows no peer, no disk and no network, so whoever doubts a price can repeat it.
"""
