"""Contrastive training of the shared encoder in phases.

Nothing is imported here: ``gleam.training.config`` stays light, ``gleam.training.trainer`` brings torch.
"""
