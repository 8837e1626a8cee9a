output "role_arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "annotations" {
  description = "Annotations for the ServiceAccount."
  value       = { "eks.amazonaws.com/role-arn" = aws_iam_role.this.arn }
}
