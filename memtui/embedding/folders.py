"""A sentence model in a folder of one's own, as the sentence-transformers library lays it out."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from memtui.embedding.model_file import ModelFileError, ModelFiles
from memtui.embedding.process import ProcessEmbedder
from memtui.embedding.slugs import slug_of

MODELS = ("model.onnx", "onnx/model.onnx")
"""Where the model may be in its folder; weights beside it are found by onnxruntime."""

MAX_TOKENS = 512
"""When the folder does not say it."""

_SAMPLE = 1 << 20  # bytes at both ends of a file that tell it from others of its size


class FolderEmbedder(ProcessEmbedder):
    """The model of `folder`. Raises ModelFileError when something is missing there."""

    def __init__(self, folder: Path, threads: int = 1, log: Path | None = None) -> None:
        files = read(folder)
        slug = f"onnx_{slug_of(folder.name)[:40]}_{_fingerprint(files)}"
        super().__init__(folder.name, slug, 0, ["--folder", str(folder)], threads, log)


def folder_of(model: str) -> Path | None:
    """The folder that `embedding.model` names: `onnx:PATH`, or a path from the root or home."""
    path = model.removeprefix("onnx:")
    if path == model and not path.startswith(("/", "~")):
        return None
    return Path(os.path.expandvars(path)).expanduser()


def read(folder: Path) -> ModelFiles:
    """What is in `folder`, and what its configuration says. Raises ModelFileError."""
    if not folder.is_absolute():
        raise ModelFileError(
            f"{folder} is not a whole path. Set embedding.model to the path of a folder from /."
        )
    if not folder.is_dir():
        raise ModelFileError(
            f"There is no folder {folder} with an embedding model. Set embedding.model to one."
        )
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    tokenizer = folder / "tokenizer.json"
    missing = [MODELS[0]] if model is None else []
    missing += [] if tokenizer.is_file() else [tokenizer.name]
    if model is None or missing:
        raise ModelFileError(
            f"{folder} has no {' and no '.join(missing)}, which a model for memtui needs. Export "
            "the model as ONNX into that folder, or set embedding.model to another."
        )
    pooling = _json(folder / "1_Pooling" / "config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    limits = (
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    )
    return ModelFiles(
        model,
        tokenizer,
        max_tokens=next((n for n in limits if isinstance(n, int) and 0 < n < 100_000), MAX_TOKENS),
        pooling="cls" if pooling.get("pooling_mode_cls_token") is True else "mean",
        query_prefix=str(prompts.get("query") or ""),
        passage_prefix=str(prompts.get("passage") or prompts.get("document") or ""),
    )


def _json(path: Path) -> dict[str, Any]:
    """The object in the file, empty when there is no file."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}. Mend it or take it away.") from None
    return found if isinstance(found, dict) else {}


def _fingerprint(files: ModelFiles) -> str:
    """Tells two models apart, without reading gigabytes: their vectors must never meet."""
    digest = hashlib.sha256(f"{files.max_tokens} {files.pooling} {files.passage_prefix}".encode())
    for path in (files.model, files.tokenizer):
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                digest.update(str(size).encode() + file.read(_SAMPLE))
                file.seek(max(0, size - _SAMPLE))
                digest.update(file.read(_SAMPLE))
        except OSError as error:
            raise ModelFileError(
                f"{path} cannot be read: {error.strerror}. Give yourself the right to read it."
            ) from None
    return digest.hexdigest()[:8]
