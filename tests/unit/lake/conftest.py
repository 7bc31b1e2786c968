"""A lake in a bucket, for the tests of lakes there."""

import uuid

import pytest

from botmeter.lake.root import LakeRoot
from support.bucket_server import LAKES, BucketServer


@pytest.fixture
def in_bucket(buckets: BucketServer) -> LakeRoot:
    """Address of a lake of its own, which is not yet created."""
    assert buckets.address
    return LakeRoot.at(f"s3://{LAKES}/{uuid.uuid4().hex}")
