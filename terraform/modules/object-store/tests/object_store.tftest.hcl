# The provider is a mock: this asks what the module decides, not what AWS does.
mock_provider "aws" {}

variables {
  bucket      = "datacrowd-test"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/k"
}

run "is_private_versioned_and_encrypted" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "The bucket can be made public."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "What is overwritten is lost."
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "The bucket goes with what is in it."
  }
}

run "parts_nobody_finished_go" {
  command = plan

  assert {
    condition = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
    rule.status == "Enabled" && length(rule.abort_incomplete_multipart_upload) > 0])
    error_message = "Orphaned parts stay for ever."
  }
}

run "browsers_come_from_named_origins" {
  command = plan
  variables {
    download_origins = ["https://datacrowd.example.com"]
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://datacrowd.example.com"])
    error_message = "Another origin may download."
  }
}

run "refuses_a_wildcard_origin" {
  command = plan
  variables {
    download_origins = ["https://*"]
  }
  expect_failures = [var.download_origins]
}
