"""Made-up names for agents: an adjective and a noun, such as `PoliteButterfly`."""

import random
from collections.abc import Collection

_ADJECTIVES = """
able amber ample apt autumn balmy bold brave breezy bright brisk calm candid careful cheerful
civil clear clever cosy crisp curious daring deft eager early earnest easy fair faithful fond
frank free fresh friendly gentle glad golden graceful grand happy hardy honest humble jolly keen
kind lively loyal lucid lucky mellow merry mild modest neat nimble noble patient placid plucky
polite proud quick quiet radiant ready rosy serene shiny silver sincere smart snug spry steady
sunny swift tidy warm wise witty
"""

_NOUNS = """
acorn anchor apple arrow aspen badger beacon beaver birch bison bridge brook butterfly candle
canyon castle cedar cello cherry clover comet compass condor coral cricket crane dolphin eagle
ember falcon fern finch fjord forest fountain fox garden glacier harbor harp hazel heron island
ivy juniper kestrel lagoon lantern lark lemon lichen lily lotus lynx maple marmot meadow meteor
otter owl panda pebble pepper pine planet plum prairie puffin quartz raven reef robin sunflower
willow
"""

ADJECTIVES = tuple(_ADJECTIVES.split())
NOUNS = tuple(_NOUNS.split())


def made_up(taken: Collection[str] = (), rng: random.Random | None = None) -> str:
    """A name that is not in `taken` (compared without case); numbered once all are."""
    rng = rng or random.SystemRandom()
    used = {name.casefold() for name in taken}
    for _ in range(100):
        name = rng.choice(ADJECTIVES).capitalize() + rng.choice(NOUNS).capitalize()
        if name.casefold() not in used:
            return name
    number = 2
    while f"{name}{number}".casefold() in used:
        number += 1
    return f"{name}{number}"
