"""What an S3 store or its client complains of, in our words with the mend. Never the store's own text: it may repeat keys and tokens.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from typing import TypeAlias

from botocore import exceptions as client_errors
from botocore.exceptions import BotoCoreError, ClientError

from usage_pipeline.errors import UsageConfigError, UsageError

Error: TypeAlias = BotoCoreError | ClientError

KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
LISTING = "they need s3:ListBucket on the bucket and s3:GetObject on what lies in it"
CODES: dict[str, str] = {
    "NoSuchBucket": "there is no such bucket: check the path in usage.yaml, and USAGE_S3_ENDPOINT if the bucket is not at AWS",
    "InvalidBucketName": "this is no name of a bucket: check the path in usage.yaml",
    "InvalidAccessKeyId": f"the store does not know the access key: check {KEYS}",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key: check {KEYS}",
    "InvalidToken": "the session token is not valid: renew AWS_SESSION_TOKEN, or unset it if the keys are permanent",
    "ExpiredToken": "the session token has expired: renew AWS_SESSION_TOKEN with its keys",
    "RequestTimeTooSkewed": "this computer's clock is wrong: the store refuses what is signed at another time",
    "NotSignedUp": f"the account of these credentials cannot use S3: check {KEYS}",
}
"""Wrong for every file of the store."""
SAME = {"ExpiredTokenException": "ExpiredToken", "TokenRefreshRequired": "ExpiredToken"}
DENIED = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"}
ELSEWHERE = {
    "PermanentRedirect",
    "TemporaryRedirect",
    "Redirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "301",
}
CLIENT: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (
            client_errors.NoCredentialsError,
            client_errors.PartialCredentialsError,
            client_errors.CredentialRetrievalError,
            client_errors.TokenRetrievalError,
            client_errors.SSOError,
        ),
        f"no credentials for S3: set {KEYS}, or AWS_PROFILE, or give this computer a role",
    ),
    (
        (client_errors.ProfileNotFound, client_errors.ConfigParseError, client_errors.ConfigNotFound),
        "the AWS profile cannot be read: check AWS_PROFILE, AWS_CONFIG_FILE and ~/.aws",
    ),
    ((client_errors.NoRegionError, client_errors.InvalidRegionError), "USAGE_S3_REGION is no region, such as eu-central-1"),
    ((client_errors.ParamValidationError,), CODES["InvalidBucketName"]),
)
"""What is found before anything is sent."""
UNREACHABLE = (
    client_errors.EndpointConnectionError,
    client_errors.ConnectTimeoutError,
    client_errors.ProxyConnectionError,
    client_errors.SSLError,
)
OBJECTS: dict[str, str] = {
    "NoSuchKey": "it is gone",
    "404": "it is gone",
    "InvalidObjectState": "it is archived: restore it first",
    **dict.fromkeys(("IncompleteReadError", "ResponseStreamingError"), "its content breaks off"),
    "FlexibleChecksumError": "its content does not fit its checksum",
    "ReadTimeoutError": "the store stops sending",
    "ConnectionClosedError": "the store closes the connection",
    **dict.fromkeys(DENIED, "the credentials may not read it: they need s3:GetObject, and kms:Decrypt where it is encrypted with a key"),
}


def failure_of_store(error: Error, place: str, endpoint: str | None) -> UsageError | None:
    """What is wrong with the whole store, None where it is something else: one object, say."""
    for kinds, words in CLIENT:
        if isinstance(error, kinds):
            return UsageConfigError(f"{place}: {words}")
    if isinstance(error, UNREACHABLE):
        return UsageError(f"{place}: {server_of(endpoint)} cannot be reached ({type(error).__name__}): {_reach(endpoint)}")
    code = code_of(error)
    if code in ELSEWHERE:
        return UsageConfigError(f"{place}: the bucket lies in another region: set USAGE_S3_REGION{_region_told(error)}")
    told = CODES.get(SAME.get(code, code))
    return UsageConfigError(f"{place}: {told}") if told else None


def failure_of_listing(error: Error, place: str, endpoint: str | None) -> UsageError:
    """Why a bucket cannot be listed."""
    if code_of(error) in DENIED:
        return UsageConfigError(f"{place}: the credentials may not list it: {LISTING} (now: {KEYS}, AWS_PROFILE or this computer's role)")
    if code_of(error) == "404":
        return UsageConfigError(f"{place}: {CODES['NoSuchBucket']}")
    return failure_of_store(error, place, endpoint) or UsageError(
        f"{place}: {server_of(endpoint)} does not list it ({words_of_object(error)}): run again, or look after the store"
    )


def words_of_object(error: Error) -> str:
    """Why one object cannot be read."""
    code = code_of(error) or type(error).__name__
    if code in OBJECTS:
        return f"{OBJECTS[code]} ({code})"
    return f"the store answers {code} ({_status(error)})" if isinstance(error, ClientError) else f"the client fails with {code}"


def is_passing(error: Error) -> bool:
    """Whether it may go well another time: not an answer about the object itself."""
    return not isinstance(error, ClientError) or _status(error) >= 500  # noqa: PLR2004


def code_of(error: Error) -> str:
    """The store's code, '' for an error that is not its answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def server_of(endpoint: str | None) -> str:
    """The endpoint without what it may hold of user and password."""
    if endpoint is None:
        return "S3"
    scheme, _, rest = endpoint.rpartition("://")
    server = rest.partition("/")[0].rpartition("@")[2]
    return f"{scheme}://{server}" if scheme else server


def _reach(endpoint: str | None) -> str:
    return "check USAGE_S3_ENDPOINT, and that it is up" if endpoint else "check the network, USAGE_S3_REGION, and AWS_ENDPOINT_URL if set"


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _region_told(error: ClientError) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    told = headers.get("x-amz-bucket-region") or error.response.get("Error", {}).get("Region")
    return f"={told}" if told else " to its region"
