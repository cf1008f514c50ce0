"""Chat templates (Jinja): what a conversation looks like to a model."""
