"""The client's part about settings that are being chosen."""

from memtui.api.calls import Calls
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


class SetupCalls(Calls):
    async def discover(self, ports: dict[str, int]) -> Found:
        """Model servers on this machine, and providers whose keys are in the environment."""
        return await self._post(Found, "/v1/setup/discover", Ports(ports=ports))

    async def models_at(self, endpoint: Endpoint) -> list[str]:
        """The names of the models of a provider or a server."""
        return await self._post(list[str], "/v1/setup/models", endpoint)

    async def try_model(self, trial: ModelTrial) -> ModelAnswer:
        """Really call the model, with and without a tool."""
        return await self._post(ModelAnswer, "/v1/setup/model", trial)

    async def try_embedding(self, endpoint: Endpoint) -> EmbeddingAnswer:
        return await self._post(EmbeddingAnswer, "/v1/setup/embedding", endpoint)

    async def try_archive(self, place: Place) -> ArchiveAnswer:
        return await self._post(ArchiveAnswer, "/v1/setup/archive", place)
