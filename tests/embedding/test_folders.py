"""Another ONNX sentence model, from a folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from memtui.api.errors import ModelError
from memtui.embedding import BuiltinEmbedder, Embedder, make_embedder
from tests.embedding.folder import make_model


@pytest.fixture
async def builtin() -> AsyncIterator[BuiltinEmbedder]:
    embedder = BuiltinEmbedder()
    yield embedder
    await embedder.close()


async def failure(embedder: Embedder) -> str:
    with pytest.raises(ModelError) as caught:
        await embedder.probe()
    await embedder.close()
    return str(caught.value)


async def test_its_configuration_says_how_a_text_becomes_a_vector(
    tmp_path: Path, builtin: BuiltinEmbedder
) -> None:
    text = "A cat sleeps on the sofa."
    mean = make_embedder(str(make_model(tmp_path / "mean", "mean", query="find: ", passage="a: ")))
    cls = make_embedder(f"onnx:{make_model(tmp_path / 'My Model')}")
    assert (cls.model, cls.dimension, await cls.probe(), cls.dimension) == ("My Model", 0, 384, 384)
    assert cls.slug.startswith("onnx_my_model_")
    assert len({cls.slug, mean.slug, builtin.slug}) == 3

    expected = await builtin.embed([f"a: {text}", f"find: {text}", text, f"a: {'cat ' * 28}"])
    made = await mean.embed([text, "cat " * 200])
    assert made[0] == pytest.approx(expected[0], abs=1e-6)
    assert made[1] == pytest.approx(expected[3], abs=1e-6), "32 tokens, as its configuration says"
    assert await mean.embed_query(text) == pytest.approx(expected[1], abs=1e-6)
    pooled = (await cls.embed([text]))[0]
    assert np.linalg.norm(pooled) == pytest.approx(1, abs=1e-5)
    assert pooled @ expected[2] < 0.99
    await mean.close()
    await cls.close()


async def test_what_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    assert f"There is no folder {tmp_path}/none" in await failure(make_embedder(f"{tmp_path}/none"))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no model.onnx and no tokenizer.json" in await failure(make_embedder(str(empty)))
    model = make_model(tmp_path / "model")
    (model / "tokenizer.json").unlink()
    assert "model has no tokenizer.json" in await failure(make_embedder(str(model)))
    (model / "tokenizer.json").write_text("{}")
    assert f"The vocabulary {model}/tokenizer.json cannot be used" in await failure(
        make_embedder(str(model))
    )
    (model / "onnx" / "model.onnx").unlink()
    (model / "model.onnx").write_text("not a model")
    assert f"The model {model}/model.onnx cannot be used" in await failure(
        make_embedder(str(model))
    )
    (model / "sentence_bert_config.json").write_text("{")
    assert "sentence_bert_config.json cannot be read" in await failure(make_embedder(str(model)))
    assert "is not a whole path" in await failure(make_embedder("onnx:models/mine"))


async def test_other_files_make_another_model(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    before = make_embedder(str(model)).slug
    assert make_embedder(str(model)).slug == before
    (model / "tokenizer.json").unlink()
    (model / "tokenizer.json").write_text("{}")
    assert make_embedder(str(model)).slug != before
