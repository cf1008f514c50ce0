"""The procedural city: one scene of vector primitives, seen by five cameras, with its facts.

``plan`` turns a seed into a scene, ``facts`` states what stands where. Everything is a pure function
of the seed; nothing is downloaded.
"""
