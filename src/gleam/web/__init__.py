"""The map page and the HTTP API over one atlas.

Nothing is imported here: :mod:`gleam.web.client` works with the base install, the server needs the extra
``[serve]``.
"""
