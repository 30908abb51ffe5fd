# What moto 5.2 takes and does not give back. Without these lines a plan right after an apply would want to repair moto.

resource "aws_eks_cluster" "this" {
  lifecycle {
    ignore_changes = [access_config] # not stored
  }
}

resource "aws_eks_node_group" "this" {
  lifecycle {
    ignore_changes = [remote_access, update_config] # an SSH key that nobody asked for; not stored
  }
}

resource "aws_launch_template" "node" {
  lifecycle {
    ignore_changes = [tag_specifications] # mixed up with the template's own tags
  }
}

# The description of a rule between two groups is lost.
resource "aws_vpc_security_group_ingress_rule" "api_from_nodes" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_ingress_rule" "api_from_machines" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_egress_rule" "control_plane_to_nodes" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_control_plane" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_nodes" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_egress_rule" "nodes_to_nodes" {
  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_vpc_security_group_egress_rule" "nodes_to_services" {
  lifecycle {
    ignore_changes = [description]
  }
}
