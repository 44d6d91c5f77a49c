"""Participatory planning: labour values, the facilitation board, plans."""
