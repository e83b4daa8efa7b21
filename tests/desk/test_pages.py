"""The plain page in a real browser: first sign-in by link and keyboard, the state of the services, 320 px, both themes."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

from quire_shared.service.installation import Installation
from tests.desk.conftest import PASSWORD
from tests.desk.gateway.test_gateway import served


@pytest.fixture(params=["light", "dark"])
async def page(request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page of 320 px in both themes. Without a browser the test is skipped and says what to install; in CI it fails."""
    found = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
    if found is None:
        words = "no browser here: install chromium"
        if os.environ.get("CI"):
            pytest.fail(words, pytrace=False)
        pytest.skip(words)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 320, "height": 800}, color_scheme=request.param)
        yield await context.new_page()
        await browser.close()


async def test_the_link_makes_the_administrator_who_sees_the_services(quire: Installation, page: Page) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    async with served(quire.apps["desk"]) as address:
        await page.goto(await quire.apps["desk"].state.sign_in_link(address))
        for value in ("ada", "Ada", PASSWORD):
            await page.keyboard.type(value)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#service-rows tr")
        rows = [(await row.inner_text()).split("\t")[:2] for row in await page.query_selector_all("#service-rows tr")]
        assert ["orders", "ready"] in rows
        assert ["usage", "not reached"] in rows
        assert page.url == f"{address}/"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        assert broken == [], "no error and nothing that the policy forbids"

        await page.click("#sign-out")
        await page.wait_for_selector("#user:focus")
        for value in ("ada", "a wrong password"):
            await page.keyboard.type(value)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#message:not(:empty)")
        assert "User name or password is wrong." in await page.inner_text("#message")


async def test_the_documentation_lists_the_routes_of_all_services_that_answer(quire: Installation, page: Page) -> None:
    async with served(quire.apps["desk"]) as address:
        await page.goto(f"{address}/docs")
        await page.wait_for_selector(".route")
        await page.fill("#filter", "post /api/desk/people")
        texts = [await r.inner_text() for r in await page.query_selector_all(".route") if await r.is_visible()]
        assert len(texts) == 3
        assert "Right: identity:write" in texts[0]
        assert "cannot be described" in await page.inner_text("#services")
