"""Opening the wizard over whatever is seen, and what follows from what it saved."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from memtui import config
from memtui.api.plain import plain_line
from memtui.tui.commands import DEFAULT_MODEL

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp


def open_wizard(app: "MemtuiApp", left: Callable[[bool | None], None], *only: str) -> None:
    """All of its steps, or `only` those of that name and the review. `left` is called with whether
    something was saved.
    """
    from memtui.tui.wizard.draft import new_draft
    from memtui.tui.wizard.screen import STEPS, Wizard

    if any(isinstance(screen, Wizard) for screen in app.screen_stack):
        return
    try:
        now = config.load()
    except config.ConfigError as error:
        app.tell(str(error), "error")
        left(False)
        return

    def closed(saved: bool | None) -> None:
        if saved and not app.wizard:
            app.do(settings_changed(app), "reload")
        left(saved)

    steps = [step for step in STEPS if not only or step.NAME in (*only, "review")]
    app.push_screen(Wizard(new_draft(now), steps), closed)


async def settings_changed(app: "MemtuiApp") -> None:
    """The configuration was written: the engine and the app follow it."""
    await app.session.reload()
    app.follow(config.load())
    app.main.draw({"state", "chat"})
    client = await app.session.client()
    app.tell((await client.reindex_plan()).sentence or f"Saved.{_own_model(app)}")
    for check in await client.doctor("agent"):
        if not check.ok:
            app.tell(check.detail, "warning")


def _own_model(app: "MemtuiApp") -> str:
    """An agent with a model of its own does not follow: how it would."""
    agent = app.store.agent
    if agent is None or agent.model is None or agent.model == config.load().text("llm.model"):
        return ""
    name, model = plain_line(agent.name, 60), plain_line(agent.model, 60)
    return f" {name} goes on with {model}, its own; /model {DEFAULT_MODEL} ends that."
