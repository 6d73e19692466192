"""The demo room: a world with known truth (``world``, ``generate``), its files (``files``), the story (``story``)."""
