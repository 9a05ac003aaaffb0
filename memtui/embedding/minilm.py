"""all-MiniLM-L6-v2 on onnxruntime. Imported by the worker only: it takes 150 MB."""

import os
from pathlib import Path
from typing import Any

# Read when the library is loaded. Without it onnxruntime ≥ 1.32 sends telemetry to Microsoft and
# keeps an id of the device in ~/.cache.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from memtui import paths
from memtui.embedding import model_file

DIMENSION = 384

MAX_TOKENS = 256
"""What all-MiniLM-L6-v2 was trained for (its sentence_bert_config.json); the rest is cut off."""

MAX_CHARACTERS = 20_000
"""Beyond that nothing can be among the first 256 tokens of any ordinary text."""

TOKENIZER = paths.tokenizer_file()


class MiniLM:
    """The loaded model. `embed` may run in several threads at once.

    Raises ModelFileError when the model or the vocabulary is missing or wrong.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or model_file.find()
        model_file.check(path)
        options = onnxruntime.SessionOptions()
        # One thread a text and several texts at once: as fast as several threads a text, and the
        # number of threads can change at any time. Arena off and no batches: 250 MB, not 850.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(TOKENIZER))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()  # the file asks for 128 tokens, always

    def embed(self, text: str) -> bytes:
        """The vector of `text`: 384 little-endian float32 numbers, length 1."""
        ids = np.array([self._tokenizer.encode(text[:MAX_CHARACTERS]).ids], dtype=np.int64)
        mask = np.ones_like(ids)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        # Mean over the tokens the mask lets through: without padding, all of them.
        mean = hidden[0].mean(axis=0, dtype=np.float32)
        vector = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return bytes(vector.astype("<f4").tobytes())
