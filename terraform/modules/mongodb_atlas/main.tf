# MongoDB Atlas by PrivateLink: an address inside the VPC, so nothing of the documents crosses the internet. Atlas makes the
# endpoint service (Network Access, Private Endpoint) and gives its name; what Atlas then wants back is the endpoint's id.

resource "aws_security_group" "this" {
  name        = "${var.name}-mongodb"
  description = "MongoDB Atlas endpoint of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  #checkov:skip=CKV_AWS_25:the source is the nodes' own group, and no address; Atlas gives its members ports in this range
  security_group_id            = aws_security_group.this.id
  description                  = "MongoDB for the nodes"
  referenced_security_group_id = var.client_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.ports.from
  to_port                      = local.ports.to
}

resource "aws_vpc_endpoint" "this" {
  vpc_id             = var.vpc_id
  service_name       = var.service_name
  vpc_endpoint_type  = "Interface"
  subnet_ids         = var.subnet_ids
  security_group_ids = [aws_security_group.this.id]
  tags               = { Name = "${var.name}-mongodb" }
}

locals {
  ports = { from = 1024, to = 65535 } # Atlas gives every member of the replica set a port of its own behind one endpoint
}
