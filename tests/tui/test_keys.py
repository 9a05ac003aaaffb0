"""The line of keys: whatever the width, none is cut, and the palette and help are there."""

import pytest
from textual.widgets._footer import FooterKey

from memtui.tui.widgets.keys import Keys
from tests.tui.conftest import Open, until


@pytest.mark.parametrize("pane", ["f2", "f3", "f4", "f8"])
async def test_none_is_cut_and_the_palette_and_help_stay(opened: Open, pane: str) -> None:
    async with opened(size=(140, 45)) as (app, pilot):
        await pilot.press(pane)
        line = app.screen.query_one(Keys)
        everything = [key.description for key in line.query(FooterKey)]
        for width in (80, 60, 45):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda: app.main.size.width == app.size.width)
            shown = list(line.query(FooterKey))
            assert shown
            assert all(key.region.right <= app.size.width for key in shown)
            assert all(key.region.width == key.virtual_region.width for key in shown)
            assert [key.description for key in shown][-2:] == ["commands", "help"]
            assert [key.description for key in shown][:-2] == everything[: len(shown) - 2]
        await pilot.resize_terminal(140, 45)
        await until(pilot, lambda: len(line.query(FooterKey)) == len(everything))
