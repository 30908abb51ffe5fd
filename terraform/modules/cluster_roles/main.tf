# What the cluster's add-ons (gitops/addons) may do in AWS. EKS Pod Identity gives a role to a service account by its name, so
# no manifest names a role or an account.

locals {
  addons = {
    aws-for-fluent-bit           = { namespace = "logging", policy = data.aws_iam_policy_document.logs.json }
    aws-load-balancer-controller = { namespace = "kube-system", policy = data.aws_iam_policy_document.load_balancer.json }
    cluster-autoscaler           = { namespace = "kube-system", policy = data.aws_iam_policy_document.autoscaler.json }
    external-dns                 = { namespace = "kube-system", policy = data.aws_iam_policy_document.dns.json }
    external-secrets             = { namespace = "external-secrets", policy = data.aws_iam_policy_document.secrets.json }
    policy-controller            = { namespace = "cosign-system", policy = data.aws_iam_policy_document.signatures.json }
  }
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.addons

  name               = "${var.cluster_name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.addons

  name   = "addon"
  role   = aws_iam_role.this[each.key].id
  policy = each.value.policy
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.addons

  cluster_name    = var.cluster_name
  namespace       = each.value.namespace
  service_account = each.key
  role_arn        = aws_iam_role.this[each.key].arn
}

# It makes what it is asked to, and changes only what carries the cluster's tag.
data "aws_iam_policy_document" "load_balancer" {
  #checkov:skip=CKV_AWS_111:reading names no resource; what is made or changed is held by the tag of the cluster
  #checkov:skip=CKV_AWS_356:reading names no resource; what is made or changed is held by the tag of the cluster
  statement {
    sid = "Read"
    actions = [
      "acm:DescribeCertificate", "acm:ListCertificates", "ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcs", "ec2:GetSecurityGroupsForVpc",
      "elasticloadbalancing:Describe*",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Make"
    actions   = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/elbv2.k8s.aws/cluster"
      values   = [var.cluster_name]
    }
  }

  statement {
    sid       = "Tag"
    actions   = ["elasticloadbalancing:AddTags"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "elasticloadbalancing:CreateAction"
      values   = ["CreateLoadBalancer", "CreateTargetGroup"]
    }
  }

  statement {
    sid = "Change"
    actions = [
      "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress",
      "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener",
      "elasticloadbalancing:CreateRule", "elasticloadbalancing:Delete*", "elasticloadbalancing:DeregisterTargets",
      "elasticloadbalancing:Modify*", "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:RemoveListenerCertificates",
      "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/elbv2.k8s.aws/cluster"
      values   = [var.cluster_name]
    }
  }

  # Listeners and rules are asked for with tags in the same call.
  statement {
    sid       = "TagListeners"
    actions   = ["elasticloadbalancing:AddTags"]
    resources = [for kind in ["listener", "listener-rule"] : "${local.load_balancing}:${kind}/*"]
  }

  statement {
    sid       = "Groups"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = ["${local.ec2}:vpc/${var.vpc_id}", "${local.ec2}:security-group/*"]
  }

  statement {
    sid       = "TagGroups"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:security-group/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSecurityGroup"]
    }
  }

  statement {
    sid       = "OwnRoleOfTheService"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["elasticloadbalancing.amazonaws.com"]
    }
  }

  # Lets the load balancer reach the pods.
  statement {
    sid       = "NodeGroup"
    actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    resources = ["${local.ec2}:security-group/${var.node_security_group_id}"]
  }
}

locals {
  where          = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  ec2            = "arn:${data.aws_partition.current.partition}:ec2:${local.where}"
  load_balancing = "arn:${data.aws_partition.current.partition}:elasticloadbalancing:${local.where}"
}

data "aws_iam_policy_document" "autoscaler" {
  #checkov:skip=CKV_AWS_111:reading names no resource; groups are changed by the tag of the cluster
  #checkov:skip=CKV_AWS_356:reading names no resource; groups are changed by the tag of the cluster
  statement {
    sid = "Read"
    actions = [
      "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "ec2:DescribeImages", "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements", "eks:DescribeNodegroup",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Scale"
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${var.cluster_name}"
      values   = ["owned"]
    }
  }
}

data "aws_iam_policy_document" "dns" {
  #checkov:skip=CKV_AWS_356:to list zones and their records one names no zone
  statement {
    sid       = "Read"
    actions   = ["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResources"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(var.dns_zone_ids) > 0 ? ["change"] : []

    content {
      sid       = "Change"
      actions   = ["route53:ChangeResourceRecordSets"]
      resources = [for zone in var.dns_zone_ids : "arn:${data.aws_partition.current.partition}:route53:::hostedzone/${zone}"]
    }
  }
}

data "aws_iam_policy_document" "secrets" {
  statement {
    sid       = "Read"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${local.where}:secret:${var.cluster_name}/*"]
  }
}

# Signatures lie beside the images of the environment.
data "aws_iam_policy_document" "signatures" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Pull"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${data.aws_partition.current.partition}:ecr:${local.where}:repository/${var.cluster_name}/*"]
  }
}

# What pods write. The group is made here, with its key and its end, so fluent-bit needs no right to make one.
resource "aws_cloudwatch_log_group" "pods" {
  #checkov:skip=CKV_AWS_338:what pods write helps to find a fault of these weeks; runs keep their own records in the store
  name              = "/${var.cluster_name}/pods"
  kms_key_id        = var.log_key_arn
  retention_in_days = var.log_days
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "Write"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.pods.arn}:*"]
  }
}
