# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
A double of the Hub: as much of its HTTP interface as huggingface_hub uses to push and load models and data sets, in
memory.
"""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from card_rules import metadata_errors


class Repository:
    """
    A repository with its history.

    Args:
        private (`bool`, *optional*, defaults to `False`):
            Whether it exists only for those who have the token.
        gated (`bool`, *optional*, defaults to `False`):
            Whether its files are only for those who have the token; that it exists, everybody may know.
    """

    def __init__(self, private: bool = False, gated: bool = False):
        self.private = private
        self.gated = gated
        self.trees: dict[str, dict[str, bytes]] = {}
        self.refs: dict[str, str] = {}
        self.commit({})

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Sets the files of a branch, and returns the hash of the commit."""
        digest = hashlib.sha1(f"{len(self.trees)} {self.refs.get(branch)}".encode())
        for path, content in sorted(files.items()):
            digest.update(f"{path} {git_oid(content)}".encode())
        self.trees[digest.hexdigest()] = dict(files)
        self.refs[branch] = digest.hexdigest()
        return digest.hexdigest()

    def resolve(self, revision: str) -> str | None:
        """The hash of a branch, a tag or a commit."""
        return revision if revision in self.trees else self.refs.get(revision)

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the main branch."""
        return self.trees[self.refs["main"]]


def git_oid(content: bytes) -> str:
    """The hash that git, and the Hub's `ETag`, give a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class HubDouble:
    """
    The server, on 127.0.0.1. Use it as a context manager.

    Args:
        token (`str`):
            The one that may write, and read what is private or gated. All repositories are its owner's.
        owner (`str`):
            Name of the owner.

    Attributes:
        repositories (`dict[str, Repository]`):
            By their ids, which begin with `datasets/` if they are data sets.
        requests (`list[tuple[str, str, str | None]]`):
            Method, path and `Range` of what has been asked for.
        interruptions (`dict[str, list[str | int]]`):
            What happens to the next downloads of a file, by its path in whatever repository: `"cut"` closes the
            connection after half of what was asked for, a number is the HTTP status of a refusal. Clients set it with
            `POST /interruptions`.
    """

    def __init__(self, token: str, owner: str):
        self.token = token
        self.owner = owner
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.interruptions: dict[str, list[str | int]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self}))
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "HubDouble":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    hub: HubDouble

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.requests.append((self.command, path, self.headers.get("Range")))
        parts = path.split("/")
        if path == "interruptions":
            self.hub.interruptions.update(json.loads(body))
            self.send(200, {})
        elif path == "api/validate-yaml":
            errors = [{"message": message} for message in metadata_errors(json.loads(body)["content"])]
            self.send(400 if errors else 200, {"errors": errors, "warnings": []})
        elif path == "api/repos/create":
            self.create_repository(json.loads(body))
        elif parts[:2] == ["api", "models"] and len(parts) >= 4:
            self.answer_api("/".join(parts[2:4]), parts[4:], body)
        elif parts[:2] == ["api", "datasets"] and len(parts) >= 4:
            self.answer_api("/".join(parts[1:4]), parts[4:], body)
        elif len(parts) >= 6 and parts[0] == "datasets" and parts[3] == "resolve":
            self.send_file("/".join(parts[:3]), parts[4], "/".join(parts[5:]))
        elif len(parts) >= 5 and parts[2] == "resolve":
            self.send_file("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self.refuse(404, "", f"The double knows no {self.command} {path}")

    @property
    def is_owner(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.hub.token}"

    def find(self, repo_id: str) -> Repository | None:
        """The repository, if whoever asks may know that it exists; else refuses."""
        repository = self.hub.repositories.get(repo_id)
        if repository is None or (repository.private and not self.is_owner):
            # As the Hub: nothing tells a stranger a private repository from one that does not exist.
            if self.is_owner:
                self.refuse(404, "RepoNotFound", "Repository not found")
            else:
                self.refuse(401, "RepoNotFound", "Invalid username or password.")
            return None
        return repository

    def create_repository(self, request: dict[str, Any]) -> None:
        repo_id = f"{request.get('organization') or self.hub.owner}/{request['name']}"
        if not self.is_owner:
            self.refuse(401, "", "Invalid username or password.")
            return
        if request.get("type") == "dataset":
            repo_id = f"datasets/{repo_id}"
        status = 409 if repo_id in self.hub.repositories else 200
        self.hub.repositories.setdefault(repo_id, Repository(private=request.get("visibility") == "private"))
        self.send(status, {"id": repo_id, "url": f"{self.hub.url}/{repo_id}"})

    def answer_api(self, repo_id: str, parts: list[str], body: bytes) -> None:
        repository = self.find(repo_id)
        if repository is None:
            return
        if self.command == "POST" and not self.is_owner:
            self.refuse(403, "", "You do not have the right to write here.")
            return
        action, revision = (parts[0], "/".join(parts[1:2]) or "main") if parts else ("revision", "main")
        sha = repository.resolve(revision)
        if action == "branch":
            repository.refs[revision] = repository.refs["main"]
            self.send(200, {})
        elif sha is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif action == "revision":
            siblings = [{"rfilename": path} for path in sorted(repository.trees[sha])]
            self.send(
                200,
                {
                    "id": repo_id.removeprefix("datasets/"),
                    "sha": sha,
                    "private": repository.private,
                    "siblings": siblings,
                },
            )
        elif action == "tree":
            self.send(
                200,
                [
                    {"type": "file", "path": path, "size": len(content), "oid": git_oid(content)}
                    for path, content in sorted(repository.trees[sha].items())
                ],
            )
        elif action == "tag":
            repository.refs[json.loads(body)["tag"]] = sha
            self.send(200, {})
        elif action == "preupload":
            files = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in files]
            self.send(200, {"files": modes})
        elif action == "commit":
            files = dict(repository.trees[sha])
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
                elif entry["key"] == "deletedFile":
                    del files[entry["value"]["path"]]
                elif entry["key"] != "header":
                    self.refuse(400, "", f"The double takes no {entry['key']}.")
                    return
            oid = repository.commit(files, revision)
            self.send(200, {"commitUrl": f"{self.hub.url}/{repo_id}/commit/{oid}", "commitOid": oid})
        else:
            self.refuse(404, "", f"The double knows no {action}.")

    def send_file(self, repo_id: str, revision: str, path: str) -> None:
        repository = self.find(repo_id)
        if repository is None:
            return
        if repository.gated and not self.is_owner:
            self.refuse(403, "GatedRepo", f"Access to model {repo_id} is restricted.")
            return
        sha = repository.resolve(revision)
        if sha is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        content = repository.trees[sha].get(path)
        if content is None:
            self.refuse(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": sha})
            return
        headers = {"ETag": f'"{git_oid(content)}"', "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
        status = 200
        if "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
            status = 206
        interruption = None
        if self.command == "GET" and self.hub.interruptions.get(path):
            interruption = self.hub.interruptions[path].pop(0)
        if isinstance(interruption, int):
            self.refuse(interruption, "", "The double was told to refuse.")
            return
        self.send_head(status, len(content), {**headers, "Content-Type": "application/octet-stream"})
        if interruption == "cut":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif self.command == "GET":
            self.wfile.write(content)

    def send_head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(answer).encode()
        self.send_head(status, len(body), {"Content-Type": "application/json", **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        headers = {"X-Error-Message": message, **(headers or {})}
        if code:
            headers["X-Error-Code"] = code
        self.send(status, {"error": message}, headers)
