resource "aws_route53_zone" "internal" {
  lifecycle {
    ignore_changes = [vpc] # moto keeps it and does not give it back
  }
}
