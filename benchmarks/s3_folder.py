"""`python -m benchmarks.s3_folder FOLDER`: a folder as the bucket `bench` of an S3 server on loopback, as fast as can be; prints its port.

Only what reading takes: ListObjectsV2 by prefix and page, GetObject with ranges. No keys are checked.
"""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

PAGE = 1000
BUCKET = "/bench"


class Folder:
    """The files of a folder as objects."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects: dict[str, tuple[int, str, str]] = {}
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            facts = path.stat()
            time = datetime.fromtimestamp(int(facts.st_mtime), UTC)
            key = path.relative_to(root).as_posix()
            self.objects[key] = (facts.st_size, f"{time:%Y-%m-%dT%H:%M:%S}.000Z", hashlib.sha256(key.encode()).hexdigest()[:32])
        self.keys = list(self.objects)

    def page(self, prefix: str, first: int) -> bytes:
        found = [key for key in self.keys if key.startswith(prefix)]
        rows = "".join(
            f"<Contents><Key>{quote(key)}</Key><LastModified>{time}</LastModified><ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Contents>"
            for key in found[first : first + PAGE]
            for size, time, etag in [self.objects[key]]
        )
        more = first + PAGE < len(found)
        token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
        return (
            f"<ListBucketResult><Name>bench</Name><EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{rows}</ListBucketResult>"
        ).encode()

    def answer(self, target: str, headers: dict[str, str]) -> tuple[str, bytes, str]:
        parts = urlsplit(target)
        if parts.path.rstrip("/") == BUCKET:
            asked = parse_qs(parts.query)
            return "200 OK", self.page(asked.get("prefix", [""])[0], int(asked.get("continuation-token", ["0"])[0])), ""
        key = unquote(parts.path[len(BUCKET) + 1 :])
        if key not in self.objects:
            return "404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>", ""
        size, _, etag = self.objects[key]
        body = (self.root / key).read_bytes()
        if "range" not in headers:
            return "200 OK", body, f'ETag: "{etag}"\r\n'
        start = int(headers["range"].removeprefix("bytes=").partition("-")[0])
        return "206 Partial Content", body[start:], f'ETag: "{etag}"\r\nContent-Range: bytes {start}-{size - 1}/{size}\r\n'


async def _serve(folder: Folder) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            status, body, more = folder.answer(lines[0].split(" ")[1], headers)
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Folder(Path(sys.argv[1]))))
