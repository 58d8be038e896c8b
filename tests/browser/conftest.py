"""Fixtures for a headless browser and for the widgets that it shows."""

import os

import pytest
from blank_page import FLAGS, View, executable
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)


# While Playwright's event loop runs, no other event loop can run in the same thread. Notebook tests
# need an event loop, so the browser is closed after each module.
@pytest.fixture(scope="module")
def browser():
    try:
        path = executable()
    except FileNotFoundError as none:
        (pytest.fail if os.environ.get("GATEWISE_SKIP_NOTHING") else pytest.skip)(str(none))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens pages with reduced motion, and a list of the pages' errors.

    The function takes Playwright's options for a browser context. The list must stay empty.
    """
    pages, faults = [], []

    def open_page(**options):
        page = browser.new_page(**{"reduced_motion": "reduce"} | options)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(f"{error}\n{error.stack}"))
        pages.append(page)
        return page

    yield open_page, faults
    for page in pages:
        page.close()
    assert faults == []


@pytest.fixture
def show(browser):
    """Return `show(widget, **options)`, which opens a widget on a page and returns a `View`.

    The options are Playwright's options for a browser context. The test fails if a view has errors.
    """
    views = []

    def show(widget, **options):
        views.append(View(browser.new_page(**options), widget))
        return views[-1]

    yield show
    for view in views:
        view.page.close()
    assert [view.faults for view in views] == [[] for _ in views]
