"""A sentence model on onnxruntime. Imported by the worker only: it takes 150 MB."""

import os
from typing import Any

# Read when the library is loaded. Without it onnxruntime ≥ 1.32 sends telemetry to Microsoft and
# keeps an id of the device in ~/.cache.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from memtui.embedding.model_file import ModelFileError, ModelFiles

CHARACTERS = 80
"""Of a token: beyond so many for each, nothing can be among the first tokens of ordinary text."""


class OnnxModel:
    """The loaded model. `embed` may run in several threads at once.

    Raises ModelFileError when a file is wrong.
    """

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        options = onnxruntime.SessionOptions()
        # One thread a text and several texts at once: as fast as several threads a text, and the
        # number of threads can change at any time. Arena off and no batches: 250 MB, not 850.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(files.model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001 - onnxruntime raises plain exceptions
            raise _wrong("model", files.model, error) from None
        try:
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
        except Exception as error:  # noqa: BLE001 - tokenizers raises plain exceptions
            raise _wrong("vocabulary", files.tokenizer, error) from None
        self._tokenizer.enable_truncation(files.max_tokens)
        self._tokenizer.no_padding()  # MiniLM's file asks for 128 tokens, always
        self._inputs = {one.name for one in self._session.get_inputs()}
        names = [one.name for one in self._session.get_outputs()]
        self._output = "sentence_embedding" if "sentence_embedding" in names else names[0]
        try:
            self.dimension = len(self.embed("dimension")) // 4
        except Exception as error:  # noqa: BLE001
            raise _wrong("model", files.model, error) from None

    def embed(self, text: str, query: bool = False) -> bytes:
        """The vector of `text`: little-endian float32 numbers, length 1."""
        files = self._files
        text = (files.query_prefix if query else files.passage_prefix) + text
        encoded = self._tokenizer.encode(text[: files.max_tokens * CHARACTERS])
        ids = np.array([encoded.ids], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (made,) = self._session.run(
            [self._output], {name: given[name] for name in given if name in self._inputs}
        )
        if made.ndim == 2:  # pooled by the model itself
            pooled = made[0].astype(np.float32)
        elif files.pooling == "cls":
            pooled = made[0][0].astype(np.float32)
        else:  # over the tokens the mask lets through: without padding, all of them
            pooled = made[0].mean(axis=0, dtype=np.float32)
        vector = pooled / max(float(np.linalg.norm(pooled)), 1e-12)
        return bytes(vector.astype("<f4").tobytes())


def _wrong(what: str, path: object, error: Exception) -> ModelFileError:
    reason = " ".join(str(error).split())[:200]
    return ModelFileError(
        f"The {what} {path} cannot be used: {reason}. Choose another with `memtui configure "
        "--set embedding.model=…`."
    )
