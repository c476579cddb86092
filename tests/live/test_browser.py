"""The docs page in a browser: what its readers do there works, and no other host is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from matrix.combinations import IN_PROCESS
from matrix.services import Servers
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from live.api import PASSWORD, Api, do_without, served

PATIENCE_SECONDS = 30
ANSWER = ".live-responses-table tr.response"
WINDOW = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Serve each way to choose a version, and at full length in each flavor, to what names none."""
    named = metafunc.definition.get_closest_marker("parametrize")
    if "api" in metafunc.fixturenames and not named:
        long = metafunc.config.getoption("--long")
        some = IN_PROCESS if long else [IN_PROCESS[0], IN_PROCESS[-1]]
        metafunc.parametrize("api", some, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def programs() -> tuple[str, str]:
    """The browser and its driver, looked for before anything is served."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program and driver:
        return program, driver
    missing = f"{'chromedriver' if program else 'chromium'} is not installed"
    do_without(f"{missing}: install the packages chromium and chromium-driver")


@pytest.fixture(scope="module")
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A served project with the account that the tests log in to."""
    with served(request.param, Servers([]), tmp_path_factory.mktemp("served")) as api:
        account = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
        api.call("POST", "/users", json=account, expect=201)
        yield api


@pytest.fixture
def browser(programs: tuple[str, str], tmp_path: Path) -> Iterator[Chrome]:
    """A browser without a window and without a past."""
    program, driver = programs
    options = ChromeOptions()
    options.binary_location = program
    options.add_argument("--headless=new")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    # Containers have little shared memory.
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--hide-scrollbars")
    if os.geteuid() == 0:
        # Chromium refuses to put what root runs into a sandbox.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The driver is named: otherwise Selenium looks for one to download.
    browser = Chrome(options, Service(executable_path=driver))
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", WINDOW)
        yield browser
    finally:
        browser.quit()


class Page:
    """The docs page below a base address, and what its readers do there."""

    def __init__(self, browser: Chrome, base: str, query: str = "") -> None:
        self.browser = browser
        # Earlier log lines belong to the page that a browser starts with.
        self.log("performance")
        browser.get(f"{base}/docs{query}")

    def log(self, kind: str) -> list[dict[str, Any]]:
        """Return what the browser has noted since the last call."""
        entries: list[dict[str, Any]] = self.browser.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def find(self, selector: str, within: WebElement | None = None) -> WebElement:
        """Wait until an element is there to be seen, and return it."""

        def visible(browser: Chrome) -> WebElement | Literal[False]:
            found = (within or browser).find_elements("css selector", selector)
            return next((element for element in found if element.is_displayed()), False)

        # An element may be redrawn between being found and being read.
        again = [StaleElementReferenceException]
        wait = WebDriverWait(self.browser, PATIENCE_SECONDS, 0.05, ignored_exceptions=again)
        return wait.until(visible, f"{selector} is not on the page")

    def click(self, selector: str, within: WebElement | None = None) -> None:
        """Click an element, wherever on the page it is."""
        element = self.find(selector, within)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def write(self, field: WebElement, text: str) -> None:
        """Put text in the place of what a field holds, at once as from the clipboard."""
        field.send_keys(Keys.CONTROL, "a")
        self.browser.execute_cdp_cmd("Input.insertText", {"text": text})

    def operation(self, verb: str, path: str) -> WebElement:
        """Return what shows an operation."""
        return self.find(f".opblock-{verb}:has([data-path='{path}'])")

    def execute(
        self, verb: str, path: str, body: dict[str, Any] | None = None, **parameters: str
    ) -> tuple[int, Any]:
        """Try an operation out, and return the status and the body that the page then shows."""
        operation = self.operation(verb, path)
        self.click(".opblock-summary-control", operation)
        self.click(".try-out__btn", operation)
        if body is not None:
            self.write(self.find("textarea", operation), json.dumps(body))
        for name, value in parameters.items():
            self.click(f"tr[data-param-name='{name}'] option[value='{value}']", operation)
        self.click(".execute", operation)
        status = self.find(f"{ANSWER} .response-col_status", operation).text
        # Beyond what an element's `text` gives, this has what is scrolled out of sight.
        shown = self.find(f"{ANSWER} .highlight-code code", operation)
        return int(status.split()[0]), json.loads(str(shown.get_property("textContent")))

    def authorize(self, token: str) -> None:
        """Let the page send a token from now on."""
        self.click(".btn.authorize")
        self.write(self.find(".modal-ux input"), token)
        self.click(".modal-ux .modal-btn.authorize")
        self.click(".modal-ux .btn-done")

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked for since the last call: the addresses, headers and kinds."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [{**params["request"], "kind": params["type"]} for params in sent]

    def complaints(self) -> list[str]:
        """Return what the console says since the last call; breaches of the policy are there."""
        return [entry["message"] for entry in self.log("browser")]


def foreign(requests: list[dict[str, Any]], base: str) -> list[str]:
    """Return the addresses that are of another host."""
    own = [urlsplit(base)[:2], urlsplit("data:")[:2]]
    return [request["url"] for request in requests if urlsplit(request["url"])[:2] not in own]


def accepted_by(requests: list[dict[str, Any]]) -> list[str]:
    """Return the Accept header of each request that a script has made."""
    made = [request["headers"] for request in requests if request["kind"] == "Fetch"]
    return [headers.get("Accept") or headers["accept"] for headers in made]


def test_api_can_be_used_from_its_page(api: Api, browser: Chrome) -> None:
    page = Page(browser, api.base)
    account = {"username": "ada", "password": PASSWORD}
    status, session = page.execute("post", "/auth/login", account)
    assert status == 200
    page.authorize(session["access_token"])
    status, post = page.execute("post", "/posts", {"title": "Notes", "content": "By hand."})
    assert status == 201
    found = api.call("GET", f"/posts/{post['id']}", session["access_token"])
    assert found.json() == post
    # The other parameters are sent as the page proposes them; the token is optional here.
    assert page.execute("get", "/posts", published="false") == (200, [post])
    assert "Request duration" in page.operation("get", "/posts").text

    requests = page.requests()
    assert foreign(requests, api.base) == []
    assert page.complaints() == []
    accepted = accepted_by(requests)
    assert len(accepted) == len(["openapi.json", "login", "post", "posts"])
    if api.combination["versioning"] == "header":
        assert set(accepted) == {"application/json; version=1.0"}
    else:
        assert "version" not in "".join(accepted)
    # A token that outlives the page is one to be stolen.
    assert browser.execute_script("return localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("api", IN_PROCESS[-1:], ids=str, indirect=True, scope="module")
def test_page_shows_the_version_that_its_address_names(api: Api, browser: Chrome) -> None:
    page = Page(browser, api.base, "?version=1")
    page.operation("post", "/auth/login")
    assert accepted_by(page.requests()) == ["application/json; version=1"]
    assert page.complaints() == []


@pytest.mark.parametrize("api", IN_PROCESS[:1], ids=str, indirect=True, scope="module")
def test_page_has_the_colours_that_its_reader_prefers(
    api: Api, browser: Chrome, pytestconfig: pytest.Config
) -> None:
    colours = []
    for scheme in ("dark", "light"):
        preferred = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preferred)
        page = Page(browser, api.base)
        colours.append(page.find(".info .title").value_of_css_property("color"))
        page.operation("post", "/auth/login")
        assert page.complaints() == []
    on_dark, on_light = (sum(map(float, re.findall(r"[\d.]+", colour)[:3])) for colour in colours)
    assert on_dark > on_light
    if picture := pytestconfig.getoption("--screenshot"):
        Path(picture).parent.mkdir(parents=True, exist_ok=True)
        Path(picture).write_bytes(browser.get_screenshot_as_png())


class Faulty(BaseHTTPRequestHandler):
    """A page with a script that its policy forbids, and with a picture from another host."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", "script-src 'none'")
        self.end_headers()
        host = self.headers["Host"].replace("127.0.0.1", "localhost")
        picture = f'<img src="http://{host}/picture.png">'
        self.wfile.write(f'{picture}<script src="/start.js"></script>'.encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_faulty_page_is_noticed(browser: Chrome) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Faulty) as server:
        thread = Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            page = Page(browser, base)
        finally:
            server.shutdown()
            thread.join()
    assert any("Content Security Policy" in complaint for complaint in page.complaints())
    assert len(foreign(page.requests(), base)) == 1
