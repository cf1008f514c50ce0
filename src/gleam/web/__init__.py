"""The map page and the HTTP API. Empty until the serving release; the layer rules already hold it."""
