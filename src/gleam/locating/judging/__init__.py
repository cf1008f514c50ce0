"""How far an answer can be trusted: signs, probabilities, claims, and what they are fitted on."""
