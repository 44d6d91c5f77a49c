"""Planning: what goods take to make, and what follows from it. Pure, in exact numbers; `docs/planning.md` says how."""
