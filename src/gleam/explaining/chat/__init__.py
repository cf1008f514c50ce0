"""Asking multimodal language models over HTTP: any server that speaks the OpenAI chat protocol."""

from gleam.explaining.chat.client import Chat
from gleam.explaining.chat.request import ChatRequest
from gleam.explaining.chat.target import Target

__all__ = ["Chat", "ChatRequest", "Target"]
