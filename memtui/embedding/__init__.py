"""Text → vectors, behind one small interface (`Embedder`): built-in MiniLM, or any litellm model.

`builtin` talks to a process of its own (`worker`, which alone imports onnxruntime, through
`minilm`); `remote` calls a provider. May import `memtui.api`, `memtui.config`, `memtui.paths`.
"""

from memtui.embedding.builtin import BuiltinEmbedder
from memtui.embedding.port import Embedder
from memtui.embedding.remote import LitellmEmbedder

__all__ = ["BuiltinEmbedder", "Embedder", "LitellmEmbedder"]
