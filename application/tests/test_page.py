"""The page in a real browser, over a real service that trains and predicts on small synthetic batches."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Download, Page, Route, expect

from application.synthetic import Synthetic, write_synthetic
from application.tests.browser import wait_until_ready
from application.tests.processes import origin, serving, wafer
from application.tests.screenshots import PICTURES, take
from application.tests.serving import Service
from wafer.model.codec import from_json
from wafer.model.files import seal, verify_bundle
from wafer.model.summaries import BundleSummary
from wafer.registry import TrainingRecord, open_registry
from wafer.settings import Settings

pytestmark = pytest.mark.xdist_group("page")
TRAINING_MS = 180_000  # the machine may be busy with other tests
SCREENS = ("runs", "results", "models")
Scheme = Literal["light", "dark"]


@dataclass
class Line:
    """A served home with a browser before it, whose first visit was by the printed link."""

    home: Path
    url: str
    batches: Synthetic
    context: BrowserContext
    service: ExitStack
    complaints: list[str] = field(default_factory=list)

    def page(self, screen: str = "") -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.url}/#/{screen}")
        return page

    def restart(self) -> None:
        """Start the service again where it was."""
        self.service.enter_context(serving(self.home, port=int(self.url.rpartition(":")[2]), log=self.log))

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    @property
    def settings(self) -> Settings:
        return Settings(WAFER_HOME=self.home)


@pytest.fixture(scope="module")
def line(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The link was opened once, and nothing else has happened."""
    folder = tmp_path_factory.mktemp("page")
    batches = write_synthetic(folder / "batches", training_files=3, prediction_files=1, wafers_per_file=60)
    home = folder / "home"
    with ExitStack() as service:
        _, link = service.enter_context(serving(home, log=home.with_suffix(".log")))
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        context.new_page().goto(link)
        yield Line(home, origin(link), batches, context, service)
        context.close()


@dataclass
class Training:
    """What a person saw of the first training."""

    run_id: str
    first_screen: str
    stages: list[str]
    banner: str
    shown: str
    stopped: float  # seconds that the service took to stop while the page followed the run


@pytest.fixture(scope="module")
def trained(line: Line) -> Training:
    """Batches were uploaded and a training watched to its end, with the service started again in between."""
    page = line.page("runs")
    expect(page.get_by_text("No run yet").first).to_be_visible()
    first_screen = page.locator("main").inner_text()
    expect(page.get_by_role("radio", name="Train")).to_be_checked()
    expect(page.get_by_label("Maximum number of clusters")).to_be_attached()
    page.locator("#files").set_input_files(sorted(line.batches.training.iterdir()))
    page.get_by_label("Name of the batch set").fill("march")
    page.get_by_role("button", name="Upload 7 files and train").click()
    page.wait_for_url(re.compile(r"#/runs/train-"))
    stages = page.locator(".stages li")
    expect(stages.first).to_have_class("succeeded", timeout=60_000)
    seen = stages.evaluate_all("all => all.map((each) => each.className)")

    began = time.monotonic()
    line.service.close()
    stopped = time.monotonic() - began
    banner = page.locator("#banner")
    expect(banner).to_be_visible()
    message = banner.inner_text()
    line.restart()

    expect(banner).to_be_hidden()
    expect(page.locator(".detail .badge").first).to_have_text("succeeded", timeout=TRAINING_MS)
    expect(page.get_by_role("heading", name="Refused files")).to_be_visible()
    run_id = page.url.rpartition("/")[2]
    shown = page.locator(".detail").inner_text()
    page.close()
    return Training(run_id, first_screen, seen, message, shown, stopped)


@dataclass
class Prediction:
    """The first prediction: its run, and its files."""

    run_id: str
    csv: list[str]


@pytest.fixture(scope="module")
def predicted(line: Line, trained: Training) -> Prediction:
    """The trained version was promoted by hand, and batches dropped on the page were predicted."""
    page = line.page("models/1")
    page.get_by_role("button", name="Promote…").click()
    page.get_by_role("button", name="Promote version 1").click()
    expect(page.locator(".versions .badge.production")).to_be_visible()
    page.goto(f"{line.url}/#/runs")
    drop(page, sorted(line.batches.prediction.iterdir()))
    page.get_by_label("Name of the batch set").fill("lot-7")
    page.get_by_role("button", name="Upload 3 files and predict").click()
    page.wait_for_url(re.compile(r"#/runs/predict-"))
    run_id = page.url.rpartition("/")[2]
    page.get_by_role("link", name="View wafers").click(timeout=TRAINING_MS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    page.close()
    return Prediction(run_id, lines_of(download.value))


def drop(page: Page, files: list[Path]) -> None:
    """Drop files on the form as a person does."""
    given = [{"name": path.name, "text": path.read_text()} for path in files]
    transfer = page.evaluate_handle(
        """(files) => {
          const transfer = new DataTransfer();
          for (const { name, text } of files) transfer.items.add(new File([text], name, { type: "text/csv" }));
          return transfer;
        }""",
        given,
    )
    page.dispatch_event(".start", "drop", {"dataTransfer": transfer})


def lines_of(download: Download) -> list[str]:
    return Path(download.path()).read_text().splitlines()


def test_the_first_visit_says_where_to_begin(trained: Training) -> None:
    assert "No run yet" in trained.first_screen
    assert "train the first model" in trained.first_screen


def test_a_training_is_watched_stage_by_stage_over_a_restart_of_the_service(line: Line, trained: Training) -> None:
    assert trained.stages[0] == "succeeded"
    assert "pending" in trained.stages
    assert "may be restarting" in trained.banner
    assert re.search(r"Check files and rows\s*(: succeeded)?\s*files 7, files good 3", trained.shown)
    assert re.search(r"Version 1 (went into production|was not promoted)", trained.shown)
    assert "On wafers held out at random: AUC" in trained.shown
    assert re.search(r"\d+\.\d s", trained.shown)
    assert line.complaints == []


def test_a_page_that_follows_a_run_does_not_keep_the_service_from_stopping(trained: Training) -> None:
    assert trained.stopped < 10


def test_refused_files_and_rows_are_shown_with_code_reason_and_advice(trained: Training) -> None:
    assert all(code in trained.shown for code in ("FILE_NAME", "ROW_LENGTH", "HEADER", "NOT_A_NUMBER", "NOT_FINITE"))
    assert "The outcome column is missing" in trained.shown
    assert "Export the batch again" in trained.shown
    assert "Sensor - 7 is 'error'" in trained.shown


def test_a_stage_that_takes_long_shows_how_far_it_has_come(line: Line, trained: Training) -> None:
    def half_way(route: Route) -> None:
        answer = route.fetch()
        run = answer.json()
        (stage,) = (each for each in run["stages"] if each["name"] == "train-global")
        stage |= {"state": "running", "progress": {"done": 1200, "of": 4000, "what": "wafers read"}}
        route.fulfill(response=answer, json=run)

    line.context.route(f"**/runs/{trained.run_id}", half_way)
    page = line.page(f"runs/{trained.run_id}")

    stage = page.locator(".stages li", has_text="Train over all wafers")
    bar = stage.get_by_role("progressbar", name="Train over all wafers: progress")
    expect(stage).to_contain_text("1,200 of 4,000 wafers read")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("1200", "4000")
    page.close()
    line.context.unroute(f"**/runs/{trained.run_id}")


def test_the_files_of_a_run_appear_when_it_ends_without_a_reload(trained: Training) -> None:
    assert "Output files" in trained.shown
    assert "model_card.html" in trained.shown


def test_wafers_stand_most_suspicious_first_and_the_csv_has_them_all(line: Line, predicted: Prediction) -> None:
    page = line.page(f"results/{predicted.run_id}")
    page.get_by_role("radio", name=re.compile("^All")).check()

    rows = page.locator(".wafers tbody tr")
    expect(rows).to_have_count(60)
    shown = rows.evaluate_all("all => all.map((row) => row.dataset.wafer)")
    page.close()

    assert [row.split(",")[1] for row in predicted.csv[1:]] == shown


def test_the_slider_says_at_once_how_many_wafers_and_false_alarms(line: Line, predicted: Prediction) -> None:
    page = line.page(f"results/{predicted.run_id}")
    table = page.request.get(f"{line.url}/runs/{predicted.run_id}/budgets").json()["budgets"]
    wafers = page.request.get(f"{line.url}/runs/{predicted.run_id}/predictions").json()["predictions"]
    unlike = {each["wafer"] for each in wafers if each["verdict"] == "inspect"}
    slider = page.get_by_role("slider", name="False-alarm budget")
    rows = page.locator(".wafers tbody tr[data-wafer]")

    for budget in (table[29], table[1]):
        slider.fill(str(table.index(budget)))

        expect(page.locator("#flagged")).to_have_text(str(budget["flagged"]))
        if found := budget["false_alarms"]:
            expect(page.locator("#false-alarms")).to_have_text(str(int(found["expected"] + 0.5)))
        expect(rows).to_have_count(budget["flagged"] + len(unlike))
        assert budget["flagged"] == len({each["wafer"] for each in wafers if over(each, budget)} - unlike)
    expect(page.get_by_role("button", name="Predict again at 2 %")).to_be_visible()
    page.close()


def over(wafer: dict[str, float], budget: dict[str, float]) -> bool:
    return wafer["probability"] >= budget["threshold"]


def test_a_chosen_wafer_shows_its_sensors_against_the_passing_wafers(line: Line, predicted: Prediction) -> None:
    page = line.page(f"results/{predicted.run_id}")
    rows = page.locator(".wafers tbody tr[data-wafer]")
    rows.first.get_by_role("button").focus()
    wafers = rows.evaluate_all("all => all.map((row) => row.dataset.wafer)")

    page.keyboard.press("ArrowDown")

    panel = page.get_by_role("complementary", name="Selected wafer")
    expect(panel.get_by_role("heading", level=2)).to_have_text(wafers[1])
    strips = panel.get_by_role("img", name=re.compile(r"^Sensor - \d+: .*90 % of passing wafers read"))
    expect(strips.first).to_be_visible()
    assert strips.first.locator("path.density").count() == 1
    page.close()


def test_a_passing_wafer_is_explained_when_it_is_chosen(line: Line, predicted: Prediction) -> None:
    page = line.page(f"results/{predicted.run_id}")
    page.get_by_role("radio", name=re.compile("^Pass")).check(force=True)
    rows = page.locator(".wafers tbody tr[data-wafer]")
    expect(rows.filter(has_text=re.compile("fail", re.IGNORECASE))).to_have_count(0)  # until then it is the former list
    rows.first.get_by_role("button").click()

    panel = page.get_by_role("complementary", name="Selected wafer")
    expect(panel.locator(".verdict")).to_have_text("pass")
    expect(panel.locator(".reasons .reason strong").first).to_contain_text("Sensor - ", timeout=TRAINING_MS)
    page.close()


def test_a_promotion_is_asked_about_and_a_rollback_undoes_it(line: Line, predicted: Prediction) -> None:
    add_version(line.settings)
    page = line.page("models/2")
    production = page.locator(".versions li", has=page.locator(".badge.production")).locator("strong")

    page.get_by_role("button", name="Promote…").click()
    page.get_by_role("button", name="Cancel").click()
    expect(production).to_have_text("Version 1")
    page.get_by_role("button", name="Promote…").click()
    page.get_by_role("button", name="Promote version 2").click()
    expect(production).to_have_text("Version 2")
    page.get_by_role("button", name="Roll back…").click()
    page.get_by_label("Your reason").fill("lot 7 looks wrong")
    page.get_by_role("button", name="Roll back to version 1").click()

    expect(production).to_have_text("Version 1")
    expect(page.locator("dialog")).to_have_count(0)
    page.get_by_text("History of production").click()
    expect(page.locator(".changes li").first).to_contain_text("Version 1 restored by")
    expect(page.locator(".changes li").first).to_contain_text("lot 7 looks wrong")
    page.close()


def test_a_dialog_about_a_version_that_was_replaced_meanwhile_is_refused(line: Line, predicted: Prediction) -> None:
    registry = open_registry(line.settings.tracking_uri)
    if len(registry.versions()) == 1:
        add_version(line.settings)
    page = line.page("models/2")
    page.get_by_role("button", name="Promote…").click()
    registry.promote(2)  # by somebody else, meanwhile

    page.get_by_role("button", name="Promote version 2").click()

    expect(page.locator("dialog")).to_contain_text("Version 2 is in production")
    page.close()
    registry.rollback()
    assert registry.require_production().version == 1


def add_version(settings: Settings) -> None:
    """Register the first version's bundle once more, with another false-alarm budget."""
    registry = open_registry(settings.tracking_uri)
    folder = registry.download(1, settings.home / "sibling")
    about = from_json(BundleSummary, verify_bundle(folder).about)
    about = replace(about, recipe=replace(about.recipe, false_alarm_budget=0.2))
    parent = registry.log_training(TrainingRecord("sibling", {}, {}, {}, []))
    registry.register(folder, seal(folder, about), parent, "sibling")


def test_the_models_page_shows_a_promotion_by_somebody_else(line: Line, predicted: Prediction) -> None:
    page = line.page("models/1")
    badge = page.locator(".versions li", has_text="Version 1").locator(".badge")
    expect(badge).to_have_text("production")
    if page.locator(".versions li").count() == 1:
        add_version(line.settings)

    wafer(line.home, "models", "promote", "2")
    expect(badge).not_to_have_text("production")
    wafer(line.home, "models", "rollback")

    expect(badge).to_have_text("production")
    page.close()


def test_the_diagonal_of_the_roc_curve_is_drawn_above_the_area(line: Line, trained: Training) -> None:
    page = line.page("models/1")
    shapes = page.locator(".pictures figure", has_text="ROC").locator("path")
    expect(shapes.first).to_be_attached()

    drawn = shapes.evaluate_all("all => all.map((each) => each.getAttribute('class'))")
    page.close()

    assert drawn.index("area") < drawn.index("chance")


def test_refused_files_do_not_stop_the_other_uploads(line: Line, predicted: Prediction, tmp_path: Path) -> None:
    page = line.page("runs")
    fitting = good_files(line)
    unfit = [tmp_path / name for name in ("what?.csv", "scan.png", "lot.xlsx")]
    for each in unfit:
        each.write_text("x")
    page.get_by_role("radio", name="Predict").check()
    page.locator("#files").set_input_files([*fitting, *unfit])
    listed = page.get_by_role("list", name="Files to upload")
    expect(listed).to_contain_text("a picture or document, not readings")
    expect(listed).to_contain_text("save the sheet as CSV")

    page.get_by_role("button", name=f"Upload {len(fitting) + 1} files and predict").click()

    expect(page.get_by_role("alert")).to_contain_text("1 file was refused")
    expect(listed).to_contain_text("Rename the file")
    page.get_by_role("button", name="Remove lot.xlsx").click()
    expect(listed).not_to_contain_text("lot.xlsx")
    page.get_by_role("button", name="Retry what?.csv").click()
    page.get_by_role("button", name="Upload 1 file and predict").click()
    expect(page.get_by_role("alert")).to_contain_text("1 file was refused")
    page.get_by_role("button", name=f"Predict {len(fitting)} file").click()
    page.wait_for_url(re.compile(r"#/runs/predict-"))
    expect(page.locator(".detail .badge").first).to_have_text("succeeded", timeout=TRAINING_MS)
    page.close()


def good_files(line: Line) -> list[Path]:
    return [each for each in sorted(line.batches.prediction.iterdir()) if each.name not in line.batches.refused]


def test_a_version_shows_its_figures_its_curves_and_why_it_was_promoted_or_not(line: Line, trained: Training) -> None:
    page = line.page("models/1")
    expect(page.locator(".pictures").get_by_role("img")).to_have_count(3)
    expect(page.locator("section[aria-labelledby=next-title]")).to_contain_text("Held out at random")
    expect(page.locator("section[aria-labelledby=clusters-title]")).to_contain_text("AUC Random forestAUC XGBoost")

    shown = page.locator("main").inner_text()
    page.close()

    assert re.search(r"AUC\n0\.\d{3}\n0\.\d{3} to 0\.\d{3}", shown)
    assert re.search(r"(Promoted|Not promoted) after training\.", shown)
    assert "Calibration" in shown


def test_a_version_shows_first_how_it_did_on_later_files(browser: Browser, service: Service) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{service.url}/#/models/2")
    page.get_by_label("API key").fill(service.key("viewer"))
    page.get_by_role("button", name="Sign in").click()
    ways = page.locator("section[aria-labelledby=next-title]")

    expect(ways.locator("table").first.locator("th")).to_have_text(
        ["Figure", "Forward in time", "Whole files held out", "Held out at random", "Chance"]
    )
    expect(ways.locator("tr", has_text="False alarms").first).to_contain_text("1 of 4, 25 %")
    expect(ways.get_by_role("img")).to_have_accessible_name(
        re.compile("2 files in the order of time, lot-2.csv to lot-3.csv")
    )
    ways.get_by_text("File by file").click()
    expect(ways.locator("tr", has_text="lot-3.csv")).to_be_visible()
    context.close()


def test_a_run_that_failed_says_what_to_do_and_can_be_retried(line: Line, trained: Training, tmp_path: Path) -> None:
    bad = tmp_path / "lot.csv"
    bad.write_text("a,b\n1,2\n")
    page = line.page("runs")
    page.get_by_role("radio", name="Train").check()
    page.locator("#files").set_input_files(bad)

    page.get_by_role("button", name="Upload 1 file and train").click()

    expect(page.get_by_role("alert")).to_contain_text("NO_GOOD_FILES", timeout=TRAINING_MS)
    expect(page.locator(".detail")).to_contain_text("The name must look like")
    retry = page.get_by_role("button", name="Retry")
    expect(retry).not_to_have_class("primary")  # the same files would be refused again
    retry.click()
    expect(page.locator(".facts", has_text="Attempt")).to_be_visible()
    expect(page.locator(".detail .badge").first).to_have_text("failed", timeout=TRAINING_MS)
    page.close()


def test_a_viewer_signs_in_with_a_key_and_sees_no_action(browser: Browser, line: Line, predicted: Prediction) -> None:
    key = wafer(line.home, "keys", "add", "shift", "--role", "viewer").stdout.strip()
    context = browser.new_context()
    page = context.new_page()

    page.goto(f"{line.url}/login?token=used-before")
    expect(page.get_by_role("alert")).to_contain_text("it works once")
    page.get_by_label("API key").fill("wafer_00000000_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("NOT_AUTHENTICATED")).to_be_visible()
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".history li").first).to_be_visible()
    buttons = set()
    for screen in (f"runs/{predicted.run_id}", f"results/{predicted.run_id}", "models/1"):
        page.goto(f"{line.url}/#/{screen}")
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        buttons |= set(page.locator("button").all_inner_texts())
    context.close()

    assert not {
        words for words in buttons if re.search("predict|train|cancel|retry|promote|roll", words, re.IGNORECASE)
    }


def test_signing_out_ends_on_the_way_in(browser: Browser, line: Line) -> None:
    key = wafer(line.home, "keys", "add", "leaver", "--role", "operator").stdout.strip()
    context = browser.new_context()
    page = context.new_page()
    page.goto(line.url)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.request.get(f"{line.url}/session").status == 401
    context.close()


@contextmanager
def shown(line: Line, screen: str, scheme: Scheme, width: int, ready: str = "") -> Iterator[Page]:
    """A screen with all it has to show, and a picture of it in the test's output."""
    page = line.page(screen)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 1000})
    wait_until_ready(page, ready or screen)
    page.screenshot(path=line.home.parent / f"{ready or screen}-{scheme}-{width}.png")
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious(line: Line, predicted: Prediction, screen: str, scheme: Scheme) -> None:
    with shown(line, screen, scheme, 1440) as page:
        assert serious(page) == []


def test_axe_finds_nothing_serious_on_the_way_in(browser: Browser, line: Line) -> None:
    page = browser.new_page()
    page.goto(line.url)
    expect(page.get_by_label("API key")).to_be_visible()

    found = serious(page)
    page.close()

    assert found == []


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    assert found is not None
    return [
        f"{each['id']}: {node['html']} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("width", [390, 768])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_small_screen_shows_everything_without_scrolling_sideways(
    line: Line, predicted: Prediction, screen: str, width: int
) -> None:
    with shown(line, screen, "light", width) as page:
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        bar = page.evaluate("(bar => [bar.scrollWidth, bar.clientWidth])(document.getElementById('screens'))")

    assert widths[0] <= widths[1]
    assert bar[0] <= bar[1]


@pytest.mark.parametrize("width", [390, 768])
def test_a_small_screen_goes_to_the_chosen_wafer_and_back(line: Line, predicted: Prediction, width: int) -> None:
    with shown(line, f"results/{predicted.run_id}", "light", width, ready="results") as page:
        row = page.locator(".wafers tbody tr[data-wafer]").nth(1)
        wafer_id = row.get_attribute("data-wafer") or ""
        row.click()
        expect(page.get_by_role("heading", name=wafer_id)).to_be_in_viewport()

        page.get_by_role("button", name="Back to the list").click()

        expect(row.get_by_role("button")).to_be_in_viewport()


def test_the_pictures_of_the_documents_can_be_taken_anew(line: Line, predicted: Prediction, tmp_path: Path) -> None:
    taken = take(line.context, line.url, tmp_path)

    assert len(taken) == len(PICTURES)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in taken)
    assert all(path.stat().st_size < 300_000 for path in taken)
