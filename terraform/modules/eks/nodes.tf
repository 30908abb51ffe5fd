# Managed nodes in private subnets. Pods cannot reach the node's own credentials (one network hop to the metadata service).

resource "aws_launch_template" "node" {
  name                   = "${var.name}-node"
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.nodes.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.node_disk_gb
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-node" }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${var.name}-stages"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnet_ids
  instance_types  = var.node_types
  ami_type        = "AL2023_x86_64_STANDARD"

  launch_template {
    id      = aws_launch_template.node.id
    version = aws_launch_template.node.latest_version
  }

  scaling_config {
    min_size     = var.node_count.min
    desired_size = var.node_count.desired
    max_size     = var.node_count.max
  }

  update_config {
    max_unavailable = 1
  }

  # Roles first and last: a node without them can neither join nor leave.
  depends_on = [aws_iam_role_policy_attachment.node]
}

resource "aws_security_group" "control_plane" {
  name        = "${var.name}-control-plane"
  description = "Kubernetes API of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "nodes" {
  name        = "${var.name}-nodes"
  description = "Nodes of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { "kubernetes.io/cluster/${var.name}" = "owned" } # the load balancer controller adds its rules here
}

resource "aws_vpc_security_group_ingress_rule" "api" {
  for_each = { for cidr in var.private_api_cidrs : cidr => cidr }

  security_group_id = aws_security_group.control_plane.id
  description       = "Kubernetes API for operators"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "api_from_machines" {
  for_each = var.api_clients

  security_group_id            = aws_security_group.control_plane.id
  description                  = each.key
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "api_from_nodes" {
  security_group_id            = aws_security_group.control_plane.id
  description                  = "Kubernetes API for the nodes"
  referenced_security_group_id = aws_security_group.nodes.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# kubelet, and the ports that admission webhooks of Kubeflow, cert-manager and the load balancer controller listen on
resource "aws_vpc_security_group_egress_rule" "control_plane_to_nodes" {
  for_each = toset(["443", "4443", "6443", "8443", "9443", "10250"])

  security_group_id            = aws_security_group.control_plane.id
  description                  = "Control plane to nodes, port ${each.key}"
  referenced_security_group_id = aws_security_group.nodes.id
  ip_protocol                  = "tcp"
  from_port                    = tonumber(each.key)
  to_port                      = tonumber(each.key)
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_control_plane" {
  for_each = aws_vpc_security_group_egress_rule.control_plane_to_nodes

  security_group_id            = aws_security_group.nodes.id
  description                  = each.value.description
  referenced_security_group_id = aws_security_group.control_plane.id
  ip_protocol                  = "tcp"
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_nodes" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Pods among themselves; network policies narrow it"
  referenced_security_group_id = aws_security_group.nodes.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "nodes_to_nodes" {
  security_group_id            = aws_security_group.nodes.id
  description                  = "Pods among themselves; network policies narrow it"
  referenced_security_group_id = aws_security_group.nodes.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "nodes_https" {
  security_group_id = aws_security_group.nodes.id
  description       = "AWS services, image registries and Git over HTTPS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "nodes_to_services" {
  for_each = var.node_egress

  security_group_id            = aws_security_group.nodes.id
  description                  = each.key
  referenced_security_group_id = each.value.security_group_id
  cidr_ipv4                    = each.value.cidr
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = coalesce(each.value.to_port, each.value.port)
}
