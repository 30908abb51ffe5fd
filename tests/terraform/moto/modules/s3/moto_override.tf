resource "aws_s3_bucket_notification" "this" {
  lifecycle {
    ignore_changes = [eventbridge] # moto does not give it back
  }
}
