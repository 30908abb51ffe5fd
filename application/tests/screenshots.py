"""`python -m application.tests.screenshots`: the pictures in docs/screenshots, from synthetic batches."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext

from application.synthetic import write_synthetic
from application.tests.browser import chromium, installed_chromium, wait_until_ready
from application.tests.processes import origin, serving, wafer

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
PICTURES = (("runs", "light"), ("results", "light"), ("models", "light"), ("results", "dark"))
SIZE = (1440, 900)
LONGEST_WAIT = 600_000  # milliseconds


def take(context: BrowserContext, url: str, folder: Path, runs: str = "runs") -> list[Path]:
    """Take every picture over a service that has runs, results and models; `runs` is the run to show."""
    page = context.new_page()
    page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for screen, scheme in PICTURES:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(f"{url}/#/{runs if screen == 'runs' else screen}")
        wait_until_ready(page, screen)
        taken.append(folder / f"{screen}-{scheme}.png")
        page.screenshot(path=taken[-1])
    page.close()
    return taken


def prepare(home: Path, scratch: Path) -> str:
    """Upload, train and predict synthetic batches at the command line; the training's id."""
    batches = write_synthetic(scratch)
    for folder, name in ((batches.training, "train/march"), (batches.prediction, "predict/lot-7")):
        shutil.copytree(folder, home / "store" / "raw" / name)
    for command, name in (("train", "train/march"), ("predict", "predict/lot-7")):
        done = wafer(home, command, str(home / "store" / "raw" / name))
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
    return next(path.name for path in (home / "store" / "training").iterdir())


def main() -> None:
    """Write the pictures anew."""
    path = installed_chromium()
    if not path:
        raise SystemExit("No Chromium is installed (on Debian: apt-get install chromium).")
    with TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        training = prepare(home, Path(scratch) / "batches")
        with serving(home, log=Path(scratch) / "log") as (_, link), chromium(path) as browser:
            context = browser.new_context()
            context.new_page().goto(link)
            context.set_default_timeout(LONGEST_WAIT)
            for each in take(context, origin(link), FOLDER, f"runs/{training}"):
                sys.stdout.write(f"{each} ({each.stat().st_size / 1000:.0f} kB)\n")


if __name__ == "__main__":
    main()
