"""Alerts and dashboard: promtool tries the rules, every figure they read is exported, every alert has its section."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from application.tests.serving import open_service
from conftest import skip_or_fail
from tests.gitops.schemas import ROOT

MONITORING = ROOT / "gitops" / "monitoring"
OTHERS = {  # figures of the kubelet, of cert-manager and of kube-state-metrics
    "kube_cronjob_created",
    "kube_cronjob_status_last_successful_time",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "certmanager_certificate_expiration_timestamp_seconds",
}
FIGURE = re.compile(r"\b(?:wafer|kubelet|kube|certmanager)_\w+")


def rules() -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
    return spec


def alerts() -> list[dict[str, Any]]:
    return [rule for group in rules()["groups"] for rule in group["rules"]]


@pytest.mark.slow
def test_every_alert_fires_when_it_should_and_none_on_a_healthy_line(tmp_path: Path) -> None:
    found = shutil.which(str(ROOT / ".venv/promtool/usr/bin/promtool")) or shutil.which("promtool")
    if found is None:
        skip_or_fail("promtool is not installed (.ci/run fetches it)")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(rules()))
    tests = shutil.copy(ROOT / "tests/gitops/alerts.yaml", tmp_path / "tests.yaml")

    done = subprocess.run([str(found), "test", "rules", str(tests)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    tried = (ROOT / "tests/gitops/alerts.yaml").read_text()

    assert [each["alert"] for each in alerts() if each["alert"] not in tried] == []


def test_every_figure_of_alerts_and_dashboard_is_exported(tmp_path: Path) -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [each["expr"] for each in alerts()]
    with open_service(tmp_path) as service, service.client() as client:
        run_id = client.post("/predict", json={"source": service.batches("raw/predict/lot-1")}).json()["run_id"]
        service.backend.succeed(run_id)
        service.parts.runs.tick()
        service.parts.line.look()
        exported = {line.split("{")[0].split(" ")[0] for line in client.get("/metrics").text.splitlines()}

    read = {figure for expression in expressions for figure in FIGURE.findall(expression)}
    assert read - exported - OTHERS == set()


def test_every_alert_has_its_section_in_the_runbook_and_no_other_has() -> None:
    sections = re.findall(r"^## (\S+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)

    assert sections == [each["alert"] for each in alerts()]


def test_what_is_scraped_is_a_port_that_the_service_has() -> None:
    monitor = yaml.safe_load((MONITORING / "scrape.yaml").read_text())["spec"]
    service = yaml.safe_load((ROOT / "gitops/base/application/service.yaml").read_text())
    deployment = yaml.safe_load((ROOT / "gitops/base/application/deployment.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]

    (endpoint,) = monitor["endpoints"]
    target = {port["name"]: port["targetPort"] for port in service["spec"]["ports"]}[endpoint["port"]]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert str(ports[target]) == {each["name"]: each.get("value") for each in container["env"]}["WAFER_METRICS_PORT"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_how_bad_it_is_and_what_it_is(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert alert["annotations"]["summary"].endswith(".")
