resource "aws_instance" "this" {
  lifecycle {
    # moto gives every machine a public address, and forgets the groups of one that asks for none
    ignore_changes = [ami, associate_public_ip_address, vpc_security_group_ids, credit_specification, hibernation]
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  lifecycle {
    ignore_changes = [description] # lost by moto for a rule between two groups
  }
}
