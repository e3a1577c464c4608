"""The page in a real browser: offline, by mouse and by keyboard, on a phone, on paper."""

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from evisynth.provenance.folder import ResultsFolder
from evisynth.report import write_page

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: the page was not opened in a browser")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, page, tmp_path):
    """A function that opens the page from disk with the network off, and collects what goes wrong."""
    path = tmp_path / "index.html"
    contexts, wrong = [], []

    def open_page(text=page, **settings):
        path.write_text(text, encoding="utf-8")
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


INDEX = """name,kind,synthesis,title,alt,from
forest_heavy_drinking,forest,heavy_drinking,Forest,a forest plot,review.yaml:heavy_drinking
funnel_heavy_drinking,funnel,heavy_drinking,Funnel,a funnel plot,review.yaml:heavy_drinking
"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 200 90">
<defs><path id="Sans-41" d="M 0 0 L 9 9 L 9 0 z"/><pattern id="h1" patternUnits="userSpaceOnUse" width="9" height="9">
<rect width="9" height="9" fill="#f00"/></pattern></defs>
<g id="{kind}-heavy_drinking-RR-one"><rect x="10" y="10" width="80" height="60" style="fill: url(#h1)"/></g>
<g><use xlink:href="#Sans-41" transform="translate(5 0)"/></g></svg>"""


def test_a_figure_is_drawn_when_its_part_is_opened(opened, results, page, tmp_path):
    folder = shutil.copytree(results, tmp_path / "mini")
    (folder / "figures").mkdir()
    (folder / "figures" / "index.csv").write_text(INDEX, encoding="utf-8")
    place = "pooled/estimates.csv:heavy_drinking:RR:common"
    for kind in ("forest", "funnel"):
        name = folder / "figures" / f"{kind}_heavy_drinking"
        name.with_suffix(".svg").write_text(SVG.format(kind=kind), encoding="utf-8")
        rows = f"row,synthesis,measure,from\none,heavy_drinking,RR,{place}\n"
        name.with_suffix(".csv").write_text(rows, encoding="utf-8")
    view = opened(write_page(ResultsFolder(folder), "mini"))
    forest, funnel = (view.locator(f"#fig-{kind}_heavy_drinking") for kind in ("forest", "funnel"))
    assert funnel.locator("svg").count() == 0
    forest.scroll_into_view_if_needed()
    forest.locator("svg[role=img]").wait_for()
    funnel.evaluate("figure => { figure.closest('details').open = true; }")
    funnel.scroll_into_view_if_needed()
    funnel.locator("svg[role=img]").wait_for()
    # letters and hatchings that both share stand once in the page, and are found
    missing = view.evaluate(
        """() => [...document.querySelectorAll('figure svg use')].map(use => use.getAttribute('href').slice(1))
            .concat([...document.querySelectorAll('figure rect')].map(e => /#([^")]+)/.exec(e.style.fill)[1]))
            .filter(name => document.querySelectorAll('[id="' + name + '"]').length !== 1)"""
    )
    assert missing == []
    funnel.locator("g.open").click()
    assert place.split(":", 1)[1] in view.locator("#panel-body").inner_text()


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


def test_a_link_to_a_number_opens_where_it_comes_from(opened):
    view = opened()
    view.locator("#findings data.n").first.click()
    value = view.locator("#panel .value").inner_text()
    link = view.get_by_text("Link to this place").get_attribute("href")
    view.keyboard.press("Escape")
    view.evaluate("link => { location.hash = link; }", link)
    view.locator("#panel").wait_for(state="visible")
    assert view.locator("#panel .value").inner_text() == value
    view.keyboard.press("Escape")
    view.evaluate("location.hash = '#trace=nothing:at:all'")
    assert "Nothing is stored" in view.locator("#panel-body").inner_text()


def test_a_cell_over_several_columns_sorts_as_a_blank(opened):
    view = opened()
    found = view.evaluate(
        """() => {
            const table = document.querySelector('.sof'), place = 5;
            table.tHead.rows[0].cells[place].querySelector('button').click();
            return [...table.tBodies[0].rows].map(row => {
                let at = 0;
                for (const cell of row.cells) {
                    if (at === place && cell.colSpan === 1) {
                        const number = cell.querySelector('data.n');
                        return number ? Number(number.value) : null;
                    }
                    at += cell.colSpan;
                }
                return null;
            });
        }"""
    )
    numbers = [value for value in found if value is not None]
    assert len(numbers) > 1 and numbers == sorted(numbers)
    assert found[: len(numbers)] == numbers


def test_rows_that_a_search_finds_are_read_cell_by_cell(opened):
    view = opened()
    view.fill("#q", "hartung-knapp")
    view.locator("#hits a").first.wait_for()
    assert any(" · " in text for text in view.locator("#hits a").all_inner_texts())


def test_tables_sort_by_value(opened):
    view = opened()
    table = view.locator("#s-heavy_drinking table.data").first
    table.evaluate("table => { table.closest('details').open = true; }")
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


OPEN = """() => {
    document.querySelectorAll('main > section, article').forEach(e => { e.style.contentVisibility = 'visible'; });
    document.querySelectorAll('main details').forEach(part => { part.open = true; });
}"""


@pytest.mark.parametrize("width", [390, 768, 1024, 1280])
def test_nothing_is_wider_than_the_screen(opened, width):
    view = opened(viewport={"width": width, "height": 844})
    view.evaluate(OPEN)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    # what is wider than its place scrolls in a box that the keyboard reaches and that has a name
    boxes = view.evaluate(
        """() => [...document.querySelectorAll('main table')].map(table => table.closest('.scroll')).filter(
            box => !box || (box.scrollWidth > box.clientWidth && (box.tabIndex !== 0 || !box.ariaLabel))).length"""
    )
    assert boxes == 0


@pytest.mark.parametrize("width", [390, 768, 1024, 1280])
def test_the_summary_of_findings_is_not_clipped(opened, width):
    view = opened(viewport={"width": width, "height": 844})
    wide, room = view.evaluate(
        "() => { const box = document.querySelector('table.sof').parentElement; "
        "return [box.scrollWidth, box.clientWidth]; }"
    )
    assert wide <= room
    cut = view.evaluate(
        "() => [...document.querySelectorAll('table.sof :is(td, tbody th)')]"
        ".filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
    )
    assert cut == 0


def test_dark_mode_and_print(opened):
    view = opened(color_scheme="dark")
    ground = view.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in ground.strip("rgb()").split(",")) < 60
    paper = view.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    view.emulate_media(media="print")
    assert not view.locator(".contents").is_visible()


def test_print_holds_the_core_and_what_was_opened(opened):
    view = opened()
    part = view.locator("#s-heavy_drinking details.more").first
    short = len(view.pdf())
    view.emulate_media(media="print")
    assert view.locator("#findings table").is_visible()
    assert view.locator("#s-heavy_drinking table.estimates").first.is_visible()
    assert not part.is_visible()
    view.emulate_media(media="screen")
    view.locator("#all-parts").click()
    assert view.locator("#all-parts").inner_text() == "Close every part"
    view.emulate_media(media="print")
    assert part.is_visible()
    assert len(view.pdf()) > short


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, scheme, width):
    view = opened(color_scheme=scheme, viewport={"width": width, "height": 844})
    # every part at the width where tables are tables; on a phone one question, since axe looks at each colour anew
    view.evaluate(OPEN if width > 390 else OPEN.replace("main details", "article:first-of-type details"))
    found = Axe().run(view).response["violations"]
    view.locator("#findings data.n").first.click()
    found += Axe().run(view, context="#panel").response["violations"]
    wrong = [
        (one["id"], node["html"][:200])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert wrong == []
