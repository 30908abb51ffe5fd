"""The script that sets up a machine, as Terraform makes it of a module's own template and values."""

import base64
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.terraform.runner import SOURCES, Terraform, terraform_environment

REGION = "eu-central-1"


def setup_script(scratch: Path, module: str, values: Mapping[str, object]) -> str:
    """What the machine executes at its first boot, but for its disk: `templatefile(...)` of main.tf, evaluated.

    A variable without a default has its own name for its value, if `values` has none for it.
    """
    source = SOURCES / "modules" / module
    folder = scratch / module
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("main.tf", "outputs.tf", "versions.tf"))
    main = (source / "main.tf").read_text()
    local = re.search(r"^locals \{\n.*?^\}\n", main, re.DOTALL | re.MULTILINE)
    call = re.search(r"^  script = (templatefile\(.*?^  \}\))\n", main, re.DOTALL | re.MULTILINE)
    assert local
    assert call
    made = call[1].replace("data.aws_region.current.name", json.dumps(REGION))
    made = made.replace("one(aws_s3_object.lock[*].key)", "null")  # the packages are this environment's
    made = made.replace("aws_secretsmanager_secret.admin.name", '"${var.name}-mlflow-admin"')
    (folder / "main.tf").write_text(f'{local[0]}\noutput "script" {{\n  value = base64encode({made})\n}}\n')
    (folder / "values.auto.tfvars.json").write_text(json.dumps(_named(source) | dict(values)))
    terraform = Terraform(folder, terraform_environment(scratch))
    terraform.run("init", "-input=false", "-no-color")
    terraform.run("apply", "-input=false", "-no-color", "-auto-approve")  # outputs alone: nothing is made
    return base64.b64decode(json.loads(terraform.run("output", "-json").stdout)["script"]["value"]).decode()


def _named(module: Path) -> dict[str, object]:
    """Every variable without a default."""
    text = (module / "variables.tf").read_text()
    declared = re.findall(r'^variable "(\w+)" \{(.*?)^\}', text, re.DOTALL | re.MULTILINE)
    return {name: name.replace("_", "-") for name, body in declared if "default " not in body}
