"""S3-compatible buckets: the server and its region by the usual variables, and the file system of a bucket.

Credentials are looked up by the libraries that read and write, each in the usual places: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, AWS_PROFILE, then the role of the machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from botmeter.domain.errors import Refused, Unavailable
from botmeter.domain.settings import own_environment

if TYPE_CHECKING:
    from pyarrow import fs

IN_BUCKET: Final = "s3://"
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_REGION_OF_OTHERS: Final = "us-east-1"
_ANSWER: Final = re.compile(r"<Code>(?P<code>[^<]*)</Code>\s*<Message>(?P<message>[^<]*)</Message>")
_COLORS: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketServer:
    """Server of buckets; `endpoint` None: that of AWS, where `region` None is looked up for each bucket."""

    endpoint: str | None
    region: str | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "BucketServer":
        """Read the usual variables.

        Raises:
            Refused: `endpoint_invalid`.
        """
        endpoint = _first(environment, _ENDPOINTS)
        if endpoint is not None and not _is_address(endpoint):
            raise Refused(
                "endpoint_invalid",
                f"{endpoint[:200]!r} is not the address of a server. Set AWS_ENDPOINT_URL to http://HOST or "
                "https://HOST, with a port if it has its own.",
            )
        region = _first(environment, _REGIONS)
        return cls(
            endpoint=None if endpoint is None else endpoint.rstrip("/"),
            region=region or (None if endpoint is None else _REGION_OF_OTHERS),
        )


def is_in_bucket(address: str) -> bool:
    """Test an address of a file or lake."""
    return address.startswith(IN_BUCKET)


def path_in_bucket(address: str) -> str:
    """Bucket and key of an address, as file systems have them."""
    return address.removeprefix(IN_BUCKET)


def bucket_server(address: str) -> BucketServer:
    """Server of the bucket in an address, with its region.

    Raises:
        OSError: The region can't be looked up.
        Refused: `endpoint_invalid`.
    """
    server = BucketServer.of(own_environment())
    if server.region is not None:
        return server
    return BucketServer(endpoint=None, region=_region_of(path_in_bucket(address).partition("/")[0]))


def file_system_of(address: str) -> "fs.FileSystem":
    """File system of the bucket in an address; raises as `bucket_server`."""
    return _file_system(bucket_server(address))


def bucket_failed(address: str, problem: OSError) -> Unavailable:
    """Error of an unreadable file or folder in a bucket."""
    return Unavailable("bucket_failed", f"{address} could not be read: {bucket_reason(problem)}")


def bucket_reason(problem: BaseException) -> str:
    """Reason of a failure in one line: what the server answered, or what the library says last."""
    text = _COLORS.sub("", str(problem))
    answer = _ANSWER.search(text)
    if answer is not None:
        return f"{answer['message'].rstrip('.')} ({answer['code']})"
    lines = [line.strip(" \t↳") for line in text.splitlines()]
    return (": ".join(line for line in lines if line) or type(problem).__name__)[:300]


@cache
def _file_system(server: BucketServer) -> "fs.FileSystem":
    from pyarrow import fs

    # Small files are written by one request instead of three.
    return fs.S3FileSystem(endpoint_override=server.endpoint, region=server.region, allow_delayed_open=True)


@cache
def _region_of(bucket: str) -> str:
    from pyarrow import fs

    return str(fs.resolve_s3_region(bucket))


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and not parts.query
