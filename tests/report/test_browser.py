"""The page in a real browser: offline, by mouse and by keyboard, on a phone, on paper."""

import shutil

import pytest

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: the page was not opened in a browser")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, page, tmp_path):
    """A function that opens the page from disk with the network off, and collects what goes wrong."""
    path = tmp_path / "index.html"
    path.write_text(page, encoding="utf-8")
    contexts, wrong = [], []

    def open_page(**settings):
        context = browser.new_context(offline=True, **settings)
        contexts.append(context)
        view = context.new_page()
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        view.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
        view.goto(path.as_uri())
        return view

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def test_a_click_opens_the_way_back_and_escape_returns(opened):
    view = opened()
    number = view.locator("#findings data.n").first
    number.click()
    panel = view.locator("#panel")
    assert panel.is_visible()
    text = panel.inner_text()
    assert number.get_attribute("value") in text
    assert "evisynth trace results/mini" in text
    assert "scripts/pool_estimates.py" in text
    view.keyboard.press("Escape")
    assert not panel.is_visible()
    assert view.evaluate("document.activeElement.dataset.ref") == number.get_attribute("data-ref")


def test_every_number_opens_to_its_row(opened):
    view = opened()
    wrong = view.evaluate(
        """() => [...document.querySelectorAll('data.n, bdi.o, g.open')].filter(element => {
            element.dispatchEvent(new MouseEvent('click', {bubbles: true}));
            const text = document.getElementById('panel-body').textContent;
            document.getElementById('panel').close();
            return text.includes('Nothing is stored') || (element.value && !text.includes(element.value));
        }).map(element => element.dataset.ref)"""
    )
    assert wrong == []


def test_the_way_goes_down_to_the_source(opened):
    view = opened()
    view.locator("#findings data.n").first.click()
    for _ in range(4):
        # what is inside is built when it is opened
        view.evaluate("document.querySelectorAll('#panel .way details').forEach(part => { part.open = true; })")
        view.wait_for_timeout(50)
    text = view.locator("#panel").inner_text()
    assert "Read in:" in text
    assert "Place in it:" in text
    assert "File: data/mini/" in text


def test_keyboard_alone(opened):
    view = opened()
    first = view.locator("#s-heavy_drinking table.estimates tbody data.n").first
    first.focus()
    view.keyboard.press("ArrowDown")
    below = view.evaluate("document.activeElement.dataset.ref")
    assert below != first.get_attribute("data-ref")
    assert below.split(":")[-1] == first.get_attribute("data-ref").split(":")[-1], "the same column"
    view.keyboard.press("Enter")
    assert view.locator("#panel").is_visible()
    view.keyboard.press("Escape")
    assert view.evaluate("document.activeElement.dataset.ref") == below


def test_tables_sort_by_value(opened):
    view = opened()
    table = view.locator("#s-heavy_drinking table.data").first
    head = table.locator("thead th", has_text="Weight")

    def weights():
        return [float(value) for value in table.locator("tbody td data[data-ref*=':weight']").evaluate_all(
            "all => all.map(element => element.value)"
        )]  # fmt: skip

    head.locator("button").click()
    assert weights() == sorted(weights())
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert weights() == sorted(weights(), reverse=True)


def test_search_finds_a_study_and_opens_its_place(opened):
    view = opened()
    view.fill("#q", "volpicelli 1992")
    hits = view.locator("#hits a")
    assert hits.count() > 0
    hits.filter(has_text="Volpicelli 1992").last.click()
    assert "Volpicelli 1992" in view.locator(".hit").first.inner_text()
    assert view.locator(".hit").first.is_visible()
    view.fill("#q", "zzzz")
    assert "Nothing found" in view.locator("#hits").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(opened, width):
    view = opened(viewport={"width": width, "height": 844})
    view.evaluate(
        "document.querySelectorAll('main > section, article').forEach(e => e.style.contentVisibility = 'visible')"
    )
    assert view.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_mode_and_print(opened):
    view = opened(color_scheme="dark")
    ground = view.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in ground.strip("rgb()").split(",")) < 60
    paper = view.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    view.emulate_media(media="print")
    assert not view.locator(".contents").is_visible()
