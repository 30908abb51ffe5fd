"""Promises about the documents: every link leads to something, and no merge has written a line twice."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def prose(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    lost = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(page)):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


# Git merges this file by keeping the lines of both sides.
def test_no_line_of_the_changelog_stands_twice() -> None:
    lines = Counter((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines())

    assert [line for line, times in lines.items() if times > 1 and line and not line.startswith("#")] == []


# Two branches may take the same next number.
def test_every_decision_has_a_number_of_its_own() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name.split("-")[0]) for path in decisions]

    assert numbers == list(range(1, len(decisions) + 1))
    assert [path.read_text(encoding="utf-8").split(".")[0] for path in decisions] == [f"# {each}" for each in numbers]
