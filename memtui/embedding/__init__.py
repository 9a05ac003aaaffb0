"""Text → vectors, behind one small interface (`Embedder`): built-in MiniLM, another ONNX model, or
any litellm model.

`builtin` and `folders` talk to a process of their own (`process`; `worker`, which alone imports
onnxruntime, through `onnx`); `remote` calls a provider, and `price` knows what that costs. May
import `memtui.api`, `memtui.config`, `memtui.paths`.
"""

from pathlib import Path

from memtui.embedding.builtin import BuiltinEmbedder
from memtui.embedding.folders import FolderEmbedder, folder_of
from memtui.embedding.model_file import ModelFileError
from memtui.embedding.port import Embedder, UnusableEmbedder
from memtui.embedding.price import estimated_cost, spent
from memtui.embedding.remote import LitellmEmbedder

__all__ = [
    "BuiltinEmbedder",
    "Embedder",
    "FolderEmbedder",
    "LitellmEmbedder",
    "UnusableEmbedder",
    "estimated_cost",
    "is_local",
    "make_embedder",
    "spent",
]


def is_local(model: str) -> bool:
    """Whether the model works on this machine: it costs time, and sends nothing anywhere."""
    return model == "builtin" or folder_of(model) is not None


def make_embedder(
    model: str,
    *,
    api_base: str = "",
    api_key: str = "",
    dimension: int = 0,
    concurrency: int = 4,
    threads: int = 1,
    log: Path | None = None,
) -> Embedder:
    """The embedder that `embedding.model` names. One that cannot be used says so when called."""
    if model == "builtin":
        return BuiltinEmbedder(threads, log)
    folder = folder_of(model)
    if folder is None:
        return LitellmEmbedder(model, api_base, api_key, dimension, concurrency)
    try:
        return FolderEmbedder(folder, threads, log)
    except ModelFileError as error:
        return UnusableEmbedder(folder.name, "", 0, str(error))
