# The Jenkins machine: builds with podman, pushes by the machine's role. Its page is for named private ranges, or through a
# Session Manager tunnel when none is given.

data "aws_region" "current" {}

locals {
  secrets = { for use in ["admin", "git"] : use => "${var.name}-jenkins-${use}" }
}

module "server" {
  source = "../server"

  name                = "${var.name}-jenkins"
  hostname            = "jenkins.${var.zone_name}"
  zone_id             = var.zone_id
  subnet_id           = var.subnet_id
  ami_parameter       = var.ami_parameter
  instance_type       = var.instance_type
  kms_key_arn         = var.volume_key_arn
  data_volume_gb      = var.data_volume_gb
  data_folder         = "/var/lib/jenkins"
  final_snapshot      = var.final_snapshot
  detailed_monitoring = var.detailed_monitoring
  ingress = { for cidr in var.operator_cidrs :
    "Jenkins for ${cidr}" => { port = 8080, cidr = cidr }
  }

  script = templatefile("${path.module}/install.sh.tftpl", {
    version   = var.jenkins_version
    terraform = var.terraform_version
    cosign    = var.cosign_version
    key_url   = var.repository_key_url
    region    = data.aws_region.current.name
    registry  = var.registry

    plugin_manager = var.plugin_manager_version
    plugins        = file("${path.module}/plugins.txt")
    jobs           = file("${path.module}/jobs.groovy")
    secrets        = local.secrets

    # JCasC asks Secrets Manager for ${name}.
    casc = replace(replace(file("${path.module}/jenkins.yaml"), "$${ADMIN}", "$${${local.secrets.admin}}"), "$${GIT}", "$${${local.secrets.git}}")

    environment = {
      AWS_REGION             = data.aws_region.current.name
      COSIGN_KEY             = var.signing_key
      COSIGN_SOURCE_KEY      = var.source_signing_key
      GITOPS_REPOSITORY      = var.gitops_repository
      GITHUB_REPOSITORY      = var.github_repository
      JENKINS_PAGE           = "http://localhost:8080/" # as it is seen through the tunnel
      PLATFORM_ENVIRONMENT   = var.environment
      TERRAFORM_APPLY_ROLE   = lookup(var.terraform.role_arns, "apply", "")
      TERRAFORM_PLAN_ROLE    = lookup(var.terraform.role_arns, "plan", "")
      TERRAFORM_STATE_BUCKET = var.terraform.state_bucket
    }
  })
}

# Their values never pass through Terraform: a person writes them, and Jenkins waits for them.
resource "aws_secretsmanager_secret" "this" {
  for_each = local.secrets

  #checkov:skip=CKV2_AWS_57:A person gives both out, a password and a token of GitHub; no function could renew them.
  name                    = each.value
  description             = each.key == "git" ? "Token that reads the repository and pushes deploy commits" : "Password of Jenkins' user admin"
  kms_key_id              = var.secret_key_arn
  recovery_window_in_days = var.final_snapshot ? 30 : 0
}

resource "aws_iam_role_policy" "secrets" {
  name   = "secrets"
  role   = module.server.role_name
  policy = data.aws_iam_policy_document.secrets.json
}

data "aws_iam_policy_document" "secrets" {
  statement {
    sid       = "Read"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [for secret in aws_secretsmanager_secret.this : secret.arn]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.secret_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy_attachment" "policies" {
  for_each = var.policy_arns

  role       = module.server.role_name
  policy_arn = each.value
}
