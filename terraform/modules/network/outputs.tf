output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets without public addresses, one a zone, in the zones' order."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "internal_zone_id" {
  description = "Private DNS zone of the VPC."
  value       = aws_route53_zone.internal.zone_id
}

output "internal_zone_name" {
  description = "Name of that zone."
  value       = aws_route53_zone.internal.name
}
