# The Jenkins machine: builds with podman, pushes by the machine's role. Its page is for named private ranges, or through a
# Session Manager tunnel when none is given.

data "aws_region" "current" {}

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
    key_url   = var.repository_key_url
    region    = data.aws_region.current.name
    registry  = var.registry
  })
}

resource "aws_iam_role_policy_attachment" "policies" {
  for_each = var.policy_arns

  role       = module.server.role_name
  policy_arn = each.value
}
