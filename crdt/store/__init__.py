"""The store: one SQLite file per laptop, shared by every process of its user, and the single truth about it.

Plain functions over a connection, so that the simulator and fault injection run the very code that ships;
`shell` runs them on a thread of their own. Rows that this process appended, rows that peers sent and rows
that other processes committed are all read back by one path: `rows.read_new`.
"""
