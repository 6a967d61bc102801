"""A learner in the course page's frame, in a browser that blocks other sites' cookies by itself."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from demo.stack import Stack

if TYPE_CHECKING:
    from selenium.webdriver import WebKitGTK

PATIENCE = 20  # seconds
NUMBERS = itertools.count(1)
STRIP, BANNER = "lti-1p3-score-status", "lti-1p3-session"


def add_person(sites: Stack) -> str:
    """Add somebody to the platform's course."""
    person = f"u-webkit-{next(NUMBERS)}"
    body = {"id": person, "name": f"Learner {person}", "email": f"{person}@platform.example"}
    requests.post(f"{sites.platform_here}/control/people", json=body, timeout=10).raise_for_status()
    return person


def wait_for(browser: WebKitGTK, what: str, by: str, name: str) -> None:
    """Wait until one of such elements shows a text."""
    WebDriverWait(browser, PATIENCE).until(lambda page: any(what in one.text for one in page.find_elements(by, name)))


def press(browser: WebKitGTK, label: str) -> None:
    """Press a button."""
    browser.find_element(By.XPATH, f"//button[normalize-space()='{label}']").click()


def open_window(browser: WebKitGTK, sites: Stack, query: str) -> None:
    """Open the link in the course's frame, and then in a window, which the page offers."""
    browser.get(f"{sites.platform_url}/links/problem?person={add_person(sites)}&{query}")
    WebDriverWait(browser, PATIENCE).until(lambda page: page.find_elements(By.ID, "tool"))
    browser.switch_to.frame("tool")
    wait_for(browser, "Open this activity in a new window", By.TAG_NAME, "h1")
    before = set(browser.window_handles)
    press(browser, "Open in a new window")
    WebDriverWait(browser, PATIENCE).until(lambda page: set(page.window_handles) - before)
    (window,) = set(browser.window_handles) - before
    browser.switch_to.window(window)
    wait_for(browser, "Primary colours", By.TAG_NAME, "h1")


def answer(browser: WebKitGTK) -> None:
    """Choose what is right, and submit it."""
    for choice in ("Red", "Green", "Blue"):
        box = browser.find_element(By.XPATH, f"//label[normalize-space()='{choice}']/input")
        if not box.is_selected():
            box.click()
    press(browser, "Submit")


@pytest.mark.parametrize("storage", ["", "_parent"], ids=["the platform keeps nothing", "the platform keeps the proof"])
def test_stor_06_the_learner_works_in_a_window_after_one_click(browser, sites, storage):
    open_window(browser, sites, f"storage={storage}&storage_answers=data&storage_announced=yes")
    answer(browser)
    wait_for(browser, "4 of 4 points", By.TAG_NAME, "output")
    wait_for(browser, "Sent to Riverside College", By.ID, STRIP)


def test_a_session_that_ends_is_noticed(browser, sites):
    open_window(browser, sites, "storage=&storage_answers=data&storage_announced=yes")
    browser.delete_all_cookies()
    answer(browser)
    wait_for(browser, "You are no longer signed in here", By.ID, BANNER)
    assert browser.find_element(By.XPATH, "//label[normalize-space()='Red']/input").is_selected()
