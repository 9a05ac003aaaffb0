"""Settings that are being chosen: what is there to choose from, and whether it works."""

from fastapi import APIRouter

from memtui.api.setup import (
    ArchiveAnswer,
    EmbeddingAnswer,
    Endpoint,
    Found,
    ModelAnswer,
    ModelTrial,
    Place,
    Ports,
)
from memtui.engine import local_servers
from memtui.engine.routes import AnyEngine, OpenEngine
from memtui.engine.trials import Trials

router = APIRouter(prefix="/setup", tags=["setup"])


@router.post("/discover")
async def discover(ports: Ports) -> Found:
    """Model servers on the loopback interface, and providers whose keys are in the environment."""
    return await local_servers.discover(ports.ports)


@router.post("/models")
async def models(engine: AnyEngine, endpoint: Endpoint) -> list[str]:
    """The names of the models of a provider, or of the server at an address."""
    return await Trials(engine).models(endpoint)


@router.post("/model")
async def model(engine: AnyEngine, trial: ModelTrial) -> ModelAnswer:
    """Call a language model with settings that are not saved."""
    return await Trials(engine).model(trial)


@router.post("/embedding")
async def embedding(engine: OpenEngine, endpoint: Endpoint) -> EmbeddingAnswer:
    """Make vectors with settings that are not saved, and say what the change would take."""
    return await Trials(engine).embedding(endpoint)


@router.post("/archive")
async def archive(engine: OpenEngine, place: Place) -> ArchiveAnswer:
    """Connect to Milvus with settings that are not saved, and write there."""
    return await Trials(engine).archive(place)
