"""The workspace's page in a real browser, and how people use it. Screenshots go to `HANDRAIL_SCREENSHOTS`, else `screenshots/`."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

SHOTS = Path(os.environ.get("HANDRAIL_SCREENSHOTS") or Path(__file__).parents[2] / "screenshots")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
SLOWLY = 40_000
"""Milliseconds: a machine may be busy."""
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((each) =>
    each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".chips, .grid")
).map((each) => each.outerHTML.slice(0, 120))"""
"""What reaches beyond the right edge, but for what scrolls by itself."""

ILLEGIBLE = """(least) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => top.slice(0, 3).map((each, at) => (each * top[3] + below[at] * (255 - top[3])) / 255);
    const behind = (node) => {
        if (!node) return [255, 255, 255];
        const color = rgba(getComputedStyle(node).backgroundColor);
        return color[3] === 255 ? color.slice(0, 3) : over(color, behind(node.parentElement));
    };
    const light = (color) => {
        const [r, g, b] = color.map((each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const node = text.parentElement;
        if (!text.data.trim() || !node.checkVisibility({ opacityProperty: true }) || node.closest(":disabled, .spoken")) continue;
        const ground = behind(node);
        const [high, low] = [light(over(rgba(getComputedStyle(node).color), ground)), light(ground)].sort((a, b) => b - a);
        if ((high + 0.05) / (low + 0.05) < least) found.add(`${text.data.trim().slice(0, 40)}: ${node.className}`);
    }
    return [...found];
}"""
"""Texts whose contrast with what is behind them is below *least* (WCAG 2.2, 1.4.3)."""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "this test needs a browser: apt-get install chromium"
    expect.set_options(timeout=SLOWLY)
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium, args=[*QUIET, "--disable-sync"])
        yield made
        await made.close()


@asynccontextmanager
async def screen(browser: Browser) -> AsyncIterator["Screen"]:
    """A window of its own, in which no script may fail."""
    context = await browser.new_context(viewport=DESK, reduced_motion="reduce")
    context.set_default_timeout(SLOWLY)
    made = Screen(await context.new_page())
    yield made
    await context.close()
    assert made.errors == []


class Screen:
    """The page as one person after the other has it before them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.channel, self.thread = self.at("channel"), self.at("thread")
        self.home, self.modal = self.at("home"), self.at("modal")
        self.keyboard = page.keyboard

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def open(self, url: str, *, channel: str = "C0OPS") -> None:
        await self.page.goto(f"{url}?as=U0ALICE&channel={channel}")

    async def close(self) -> None:
        """Before the demo ends: a page rightly misses it."""
        await self.page.goto("about:blank")

    async def shot(self, name: str) -> None:
        await self.page.screenshot(path=_file(name), animations="disabled")

    async def say(self, text: str) -> None:
        composer = self.channel.get_by_test_id("composer")
        await composer.fill(text)
        await composer.press("Enter")

    async def ask(self, goal: str) -> None:
        """By command; the thread of the run that starts opens by itself."""
        await self.say(f"/handrail {goal}")
        await self.shows(self.thread.locator("blockquote"), goal)

    async def be(self, name: str) -> None:
        await self.at(f"person-U0{name.upper()}").click()

    async def press(self, what: str, at: Locator | None = None) -> None:
        """The newest button called so; what is dangerous asks once more."""
        await (at or self.thread).get_by_role("button", name=what, exact=True).last.click()

    async def sure(self) -> None:
        await self.at("confirm-yes").click()

    async def approve(self, what: str = "Approve") -> None:
        await self.press(what)
        await self.sure()

    async def shows(self, at: Locator, text: str) -> None:
        await expect(at.get_by_text(text).or_(at.filter(has_text=text)).first).to_be_visible()

    async def sees(self, text: str) -> None:
        await self.shows(self.thread, text)

    async def send(self, text: str = "") -> None:
        """Fill in the only field of the dialog, and send it without a mouse."""
        if text:
            await self.modal.get_by_role("textbox").fill(text)
        await self.keyboard.press("Control+Enter")

    async def is_legible(self) -> None:
        """In both themes, by the measure of AA."""
        for theme in ("light", "dark"):
            await self.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
            assert await self.page.evaluate(ILLEGIBLE, 4.5) == [], theme
        await self.page.evaluate("document.documentElement.dataset.theme = 'auto'")

    async def fits(self) -> None:
        """No pane has to be moved sideways."""
        assert await self.page.evaluate(TOO_WIDE) == []


def _file(name: str) -> Path:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS / f"{name}.png"
