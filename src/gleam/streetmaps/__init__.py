"""Street maps of real ground: styles, drawing from OpenStreetMap extracts, pairs with satellite tiles."""
