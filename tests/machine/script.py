"""The script that sets up Jenkins' machine, as Terraform makes it of the module's own template and values."""

import base64
import json
import re
import shutil
from pathlib import Path

from tests.terraform.runner import SOURCES, Terraform, terraform_environment

MODULE = SOURCES / "modules" / "jenkins"
REGION = "eu-central-1"


def setup_script(scratch: Path) -> str:
    """What the machine executes at its first boot, but for its disk: `templatefile(...)` of main.tf, evaluated."""
    folder = scratch / "jenkins"
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns("main.tf", "outputs.tf", "versions.tf"))
    main = (MODULE / "main.tf").read_text()
    local = re.search(r"^locals \{\n.*?^\}\n", main, re.DOTALL | re.MULTILINE)
    call = re.search(r"^  script = (templatefile\(.*?^  \}\))\n", main, re.DOTALL | re.MULTILINE)
    assert local
    assert call
    made = call[1].replace("data.aws_region.current.name", json.dumps(REGION))
    (folder / "main.tf").write_text(f'{local[0]}\noutput "script" {{\n  value = base64encode({made})\n}}\n')
    (folder / "values.auto.tfvars.json").write_text(json.dumps(_values()))
    terraform = Terraform(folder, terraform_environment(scratch))
    terraform.run("init", "-input=false", "-no-color")
    terraform.run("apply", "-input=false", "-no-color", "-auto-approve")  # outputs alone: nothing is made
    return base64.b64decode(json.loads(terraform.run("output", "-json").stdout)["script"]["value"]).decode()


def _values() -> dict[str, object]:
    """What an environment gives the module: every variable without a default."""
    declared = re.findall(
        r'^variable "(\w+)" \{(.*?)^\}', (MODULE / "variables.tf").read_text(), re.DOTALL | re.MULTILINE
    )
    values: dict[str, object] = {name: name.replace("_", "-") for name, body in declared if "default " not in body}
    return values | {"policy_arns": {}, "terraform": {"state_bucket": "state", "role_arns": {}}}
