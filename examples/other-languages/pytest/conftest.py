"""Fixtures: one mock for the test session, and a separate partner for each test. Copy this file."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest

# A proxy from the environment must not lead away from the mock.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="session")
def mock(tmp_path_factory):
    """The content of the ready file: baseUrl, controlUrl, apiKey, pid."""
    ready = tmp_path_factory.mktemp("mock") / "ready.json"
    program = os.environ.get("PARTNER_API_MOCK", "partner-api")
    arguments = [program, "mock", "--listen", "127.0.0.1:0", "--quiet", "--ready-file", str(ready), "--exit-with-stdin"]
    # The mock ends when its stdin is closed: at the end of `with`, or when this process is killed.
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while not ready.exists():
            if process.poll() is not None:
                pytest.exit(f"the mock did not start: exit code {process.returncode}")
            time.sleep(0.01)
        yield json.loads(ready.read_text())


@pytest.fixture
def partner(mock, request):
    """A partner that only this test uses, with no companies and no credit."""
    partner = Partner(mock, request.node.name)
    yield partner
    partner.delete()


class Partner:
    def __init__(self, mock, name):
        self.base_url, self.control_url = mock["baseUrl"], mock["controlUrl"]
        self.path = ""
        added = self.control("POST", "/partners", {"name": name})
        self.key, self.path = added["key"], "/partners/" + added["id"]

    def control(self, method, path, body=None):
        """Calls the control API below this partner. A rejected call is an AssertionError with the reason."""
        # Content-Type is required even without a body.
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("PARTNER_API_MOCK_TOKEN"):
            headers["Authorization"] = "Bearer " + token
        data = None if body is None else json.dumps(body).encode()
        url = self.control_url + self.path + path
        try:
            with OPENER.open(urllib.request.Request(url, data, headers, method=method), timeout=70) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {json.load(error)['message']}") from None

    def delete(self):
        self.control("DELETE", "")
