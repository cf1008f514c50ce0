"""How a text about two pictures is taken apart: words, whose they are, denials, verdict."""
