# The MLflow server, with accounts and TLS: runs and registry in SQLite on an encrypted disk, artifacts in S3 by the machine's role.
# Clients send artifacts through the server, so no stage needs rights on this bucket.

data "aws_region" "current" {}

locals {
  port     = 5000
  hostname = "mlflow.${var.zone_name}"
}

module "server" {
  source = "../server"

  name                = "${var.name}-mlflow"
  hostname            = local.hostname
  zone_id             = var.zone_id
  subnet_id           = var.subnet_id
  ami_parameter       = var.ami_parameter
  instance_type       = var.instance_type
  kms_key_arn         = var.volume_key_arn
  data_volume_gb      = var.data_volume_gb
  data_folder         = "/var/lib/mlflow"
  final_snapshot      = var.final_snapshot
  detailed_monitoring = var.detailed_monitoring
  ingress = {
    "MLflow for ${var.name}" = { port = local.port, security_group_id = var.client_security_group_id }
  }

  script = templatefile("${path.module}/install.sh.tftpl", {
    bucket   = var.bucket
    region   = data.aws_region.current.name
    lock     = one(aws_s3_object.lock[*].key)
    hostname = local.hostname
    port     = local.port
    secret   = aws_secretsmanager_secret.admin.name
  })
}

# Its value never passes through Terraform: a person writes it, and the server waits for it.
resource "aws_secretsmanager_secret" "admin" {
  #checkov:skip=CKV2_AWS_57:A person gives it out, as the password of an account; no function could renew it in every client.
  name                    = "${var.name}-mlflow-admin"
  description             = "Password of MLflow's user admin"
  kms_key_id              = var.volume_key_arn
  recovery_window_in_days = var.final_snapshot ? 30 : 0
}

# The server runs exactly the packages that the clients are locked to. Named by its content: a new lock is a new machine.
resource "aws_s3_object" "lock" {
  count = var.requirements == null ? 0 : 1

  bucket       = var.bucket
  key          = "bootstrap/${sha256(var.requirements)}.txt"
  content      = var.requirements
  content_type = "text/plain"
}

resource "aws_iam_role_policy" "artifacts" {
  name   = "artifacts"
  role   = module.server.role_name
  policy = data.aws_iam_policy_document.artifacts.json
}

data "aws_iam_policy_document" "artifacts" {
  statement {
    sid       = "Artifacts"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${var.bucket_arn}/artifacts/*"]
  }

  # The certificate that clients trust.
  statement {
    sid       = "Certificate"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket_arn}/certificates/*"]
  }

  # The machine writes backups and never takes one away.
  statement {
    sid       = "Backups"
    actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = ["${var.bucket_arn}/backups/*"]
  }

  statement {
    sid       = "Bootstrap"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/bootstrap/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.bucket_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "secrets" {
  name   = "secrets"
  role   = module.server.role_name
  policy = data.aws_iam_policy_document.secrets.json
}

data "aws_iam_policy_document" "secrets" {
  statement {
    sid       = "Read"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.admin.arn]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.volume_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}
