# One role a workload, taken on through its Kubernetes service account. What each may read, write and remove in the store is the
# table below and nothing else. Results of a stage reach the next one as Kubeflow artifacts below kfp/, so every stage writes there.

locals {
  stages = {
    # Also runs the exit task, which judges a run by its published marker.
    raw_data_validation_train = {
      read   = ["raw/*", "contracts/*", "training/*/_SUCCESS.json", "predictions/*/_SUCCESS.json", "outcomes/*/_SUCCESS.json"]
      write  = ["quarantine/*", "units/*", "kfp/*"]
      remove = ["units/*"] # a task that has succeeded removes what it shared with workers
    }
    # raw/: a schema or policy given beside the batches
    data_transformation_train = { read = ["raw/*", "contracts/*"], write = ["units/*", "kfp/*"], remove = ["units/*"] }
    # predictions/: what was predicted
    db_operation_train  = { read = ["raw/*", "contracts/*", "predictions/*"], write = ["outcomes/*", "kfp/*"], remove = [] }
    preprocessing_train = { read = [], write = ["units/*", "kfp/*"], remove = ["units/*"] }
    clustering          = { read = [], write = ["kfp/*"], remove = [] }
    model_training      = { read = [], write = ["units/*", "kfp/*"], remove = ["units/*"] }
    # outcomes/ and dispositions/: versions are compared on wafers whose outcome is known
    load_prod_model = { read = ["outcomes/*", "dispositions/*"], write = ["training/*", "kfp/*"], remove = [] }
    pred_pipeline = {
      read   = []
      write  = ["predictions/*", "recent/*", "units/*", "kfp/*"]
      remove = ["units/*"]
    }
  }

  # Kubeflow's own: the server stores packages and reads artifacts, its page shows them, the driver and launcher pods that
  # belong to no stage pass them on.
  kubeflow = {
    ml-pipeline               = { read = [], write = ["kfp/*"], remove = [] }
    ml-pipeline-ui            = { read = ["kfp/*"], write = [], remove = [] }
    (var.run_service_account) = { read = [], write = ["kfp/*"], remove = [] }
  }

  workloads = merge(
    # Stock Kubeflow runs every task of a run under one service account (2.17 has no setting a task), so a stage's role also
    # trusts that one: the task chooses its role by AWS_ROLE_ARN. Where pods get accounts of their own, the first name counts.
    { for stage, access in local.stages : stage => merge(access, {
      namespace = var.kubeflow_namespace
      accounts  = [replace(stage, "_", "-"), var.run_service_account]
    }) },
    { for account, access in local.kubeflow : account => merge(access, {
      namespace = var.kubeflow_namespace
      accounts  = [account]
    }) },
    # Scheduler and workers of gitops/components/engine: what tasks give them, and the raw files that they read in place.
    { engine = {
      read      = ["raw/*"]
      write     = ["units/*"]
      remove    = ["units/*"]
      namespace = var.kubeflow_namespace
      accounts  = ["wafer-engine"]
    } },
    # gitops/base/kubeflow/backup.yaml: one file a night; the bucket keeps what is written over, and no statement removes any.
    { kubeflow-backup = {
      read      = []
      write     = ["backups/*"]
      remove    = []
      namespace = var.kubeflow_namespace
      accounts  = ["kubeflow-backup"]
    } },
    { application = {
      read      = ["training/*", "predictions/*", "outcomes/*", "quarantine/*", "pipelines/*", "kfp/*"]
      write     = ["raw/*", "contracts/*", "dispositions/*"]
      remove    = ["raw/*", "contracts/*", "training/*", "predictions/*", "outcomes/*", "quarantine/*", "kfp/*"] # an admin's removal, or by age
      namespace = var.application_namespace
      accounts  = ["application"]
    } },
  )
}

data "aws_iam_policy_document" "trust" {
  for_each = local.workloads

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = [for account in each.value.accounts : "system:serviceaccount:${each.value.namespace}:${account}"]
    }
  }
}

resource "aws_iam_role" "workload" {
  for_each = local.workloads

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy" "store" {
  for_each = local.workloads

  name   = "store"
  role   = aws_iam_role.workload[each.key].id
  policy = data.aws_iam_policy_document.store[each.key].json
}

data "aws_iam_policy_document" "store" {
  for_each = local.workloads

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for keys in concat(each.value.read, each.value.write) : "${var.store_arn}/${keys}"]
  }

  dynamic "statement" {
    for_each = length(each.value.write) > 0 ? ["write"] : []

    content {
      sid       = "Write"
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
      resources = [for keys in each.value.write : "${var.store_arn}/${keys}"]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.remove) > 0 ? ["remove"] : []

    content {
      sid       = "Remove"
      actions   = ["s3:DeleteObject"]
      resources = [for keys in each.value.remove : "${var.store_arn}/${keys}"]
    }
  }

  # "IfExists": asking for one object names no prefix, and without the right to list S3 answers 403 for an object that is not
  # there, where a reader of a run's marker needs the 404.
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.store_arn]

    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = [for keys in concat(each.value.read, each.value.write) : keys if endswith(keys, "/*")]
    }
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}

# The application alone keeps the ledger, and no statement lets it delete or rebuild the table.
resource "aws_iam_role_policy" "ledger" {
  name   = "ledger"
  role   = aws_iam_role.workload["application"].id
  policy = data.aws_iam_policy_document.ledger.json
}

data "aws_iam_policy_document" "ledger" {
  statement {
    sid = "Ledger"
    actions = [
      "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
      "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable",
    ]
    resources = [var.ledger_arn]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}
