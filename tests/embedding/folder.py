"""A real ONNX model in a folder of one's own: the built-in one, laid out as others are."""

import json
from pathlib import Path

from memtui import paths
from memtui.embedding import model_file


def make_model(folder: Path, pooling: str = "cls", **prompts: str) -> Path:
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").symlink_to(model_file.find())
    (folder / "tokenizer.json").symlink_to(paths.tokenizer_file())
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({f"pooling_mode_{pooling}_token{'s' if pooling == 'mean' else ''}": True})
    )
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    return folder
