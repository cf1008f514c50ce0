"""The ray caster: one scene, three projections, compiled to machine code on first use."""
