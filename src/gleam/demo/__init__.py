"""The demo: the whole story on the built-in city, told on the terminal and in one HTML page.

``story`` does the work through the public parts of GLEAM, ``findings`` holds what came out, and
``report`` turns it into a self-contained page.
"""
