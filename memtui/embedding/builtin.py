"""The built-in model: all-MiniLM-L6-v2 (int8)."""

from pathlib import Path

from memtui.embedding.process import ProcessEmbedder


class BuiltinEmbedder(ProcessEmbedder):
    """384 numbers, offline."""

    model, slug, dimension = "all-MiniLM-L6-v2", "all_minilm_l6_v2_int8", 384

    def __init__(
        self, threads: int = 1, log: Path | None = None, model_file: Path | None = None
    ) -> None:
        super().__init__(
            self.model,
            self.slug,
            self.dimension,
            ["--model", str(model_file)] if model_file is not None else [],
            threads,
            log,
        )
