# The provider is a mock: this asks what the module decides, not what AWS does.
mock_provider "aws" {}

variables {
  name                       = "datacrowd"
  vpc_id                     = "vpc-1"
  subnet_ids                 = ["subnet-a", "subnet-b"]
  allowed_security_group_ids = ["sg-nodes"]
  kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/k"
}

run "keeps_what_it_holds" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.storage_encrypted
    error_message = "The instance stands in one zone, or its storage is not encrypted."
  }
  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "The instance can be destroyed without a trace."
  }
  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14
    error_message = "Point-in-time recovery does not reach back two weeks."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "The instance has a public address."
  }
}

run "forces_tls" {
  command = plan

  assert {
    condition     = one([for p in aws_db_parameter_group.this.parameter : p.value if p.name == "rds.force_ssl"]) == "1"
    error_message = "Connections without TLS are taken."
  }
}

run "refuses_a_single_subnet" {
  command = plan
  variables { subnet_ids = ["subnet-a", "subnet-a"] }
  expect_failures = [var.subnet_ids]
}

run "refuses_no_backups" {
  command = plan
  variables { backup_retention_days = 0 }
  expect_failures = [var.backup_retention_days]
}
