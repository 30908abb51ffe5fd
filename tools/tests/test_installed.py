"""What a built image holds, by its own files: packages of Debian and of Python, as CycloneDX that a scanner reads."""

import json
from pathlib import Path

from tools.images.__main__ import main

STATUS = """Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.17-1)
Version: 3.0.17-1~deb12u2
Description: a library
 of two lines

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def test_the_bill_has_debian_and_python_packages_by_their_exact_versions(tmp_path: Path) -> None:
    files = tmp_path / "image"
    for path, text in {
        "var/lib/dpkg/status": STATUS,
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "opt/lib/python3/site-packages/Typing_Extensions-4.1.dist-info/METADATA": """Name: Typing_Extensions
Version: 4.1
""",
    }.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_text(text)
    bill = tmp_path / "out" / "clustering.cdx.json"

    assert main(["installed", "clustering", str(files), str(bill), "--tag", "1-tag"]) == 0

    found = json.loads(bill.read_text())
    assert found["bomFormat"] == "CycloneDX"
    subject = found["metadata"]["component"]
    assert (subject["name"], subject["version"], subject["type"]) == ("wafer-fault/clustering", "1-tag", "container")
    urls = {each["purl"] for each in found["components"]}
    assert urls == {
        "pkg:pypi/typing-extensions@4.1",
        "pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%403.0.17-1",
    }


def test_a_tree_without_packages_is_no_image(tmp_path: Path) -> None:
    assert main(["installed", "clustering", str(tmp_path), str(tmp_path / "bill"), "--tag", "1"]) == 2
