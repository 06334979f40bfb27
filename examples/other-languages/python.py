#!/usr/bin/env python3
"""Tests a Python program's call of the Partner API against the mock, with the standard library only.

    python.py                        starts `partner-api mock` (or the program that PARTNER_API_MOCK names) for itself
    python.py http://127.0.0.1:4010  uses one that runs; PARTNER_API_MOCK_TOKEN is its token, if it has one

Each test adds a partner for itself, so any number of them may run on one mock at the same time.
The exit code is 0 if everything is as expected, and 1 otherwise.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

# A proxy from the environment must not lead away from the mock.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


# --- The code under test: the clients with a connection that needs attention, with one retry --------------------


def attention(base_url, key):
    """The names of the clients with a connection that is not GREEN."""
    request = urllib.request.Request(base_url + "/companies", headers={"Authorization": "Bearer " + key})
    for attempt in (1, 2):
        try:
            with OPENER.open(request, timeout=5) as response:
                companies = json.load(response)["data"]
            break
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == 2:
                raise
    return [
        company["name"]
        for company in companies
        if any(one["qualityRating"] != "GREEN" for one in company["connections"])
    ]


# --- The control API of the mock --------------------------------------------------------------------------------


class Mock:
    """The control API of one mock. A rejected call is an AssertionError with the reason."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.base_url = self.url + "/api/v1"

    def call(self, method, path, body=None):
        # Content-Type is required even without a body.
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("PARTNER_API_MOCK_TOKEN"):
            headers["Authorization"] = "Bearer " + token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/_mock" + path, data, headers, method=method)
        try:
            with OPENER.open(request, timeout=70) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {json.load(error)['message']}") from None

    @contextlib.contextmanager
    def partner(self, **seed):
        """A partner with the fields of a partner in a seed file; it is removed at the end of the test."""
        added = self.call("POST", "/partners", {"name": "python.py", **seed})
        try:
            yield Partner(self, added)
        finally:
            self.call("DELETE", "/partners/" + added["id"])


class Partner:
    def __init__(self, mock, added):
        self.mock, self.key, self.path = mock, added["key"], "/partners/" + added["id"]

    def call(self, method, path, body=None):
        return self.mock.call(method, self.path + path, body)

    def attention(self):
        return attention(self.mock.base_url, self.key)


@contextlib.contextmanager
def started():
    program = os.environ.get("PARTNER_API_MOCK", "partner-api")
    arguments = [program, "mock", "--listen", "127.0.0.1:0", "--quiet", "--ready", "json", "--exit-with-stdin"]
    try:
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        sys.exit(f"the mock did not start: {error}; PARTNER_API_MOCK says which program it is")
    # The mock ends when its stdin is closed: at the end of `with`, or when this process is killed.
    with process:
        ready = process.stdout.readline()
        if not ready:
            sys.exit("the mock did not start")
        yield json.loads(ready)["baseUrl"].removesuffix("/api/v1")


# --- The tests --------------------------------------------------------------------------------------------------

ACME = {"id": "c-1", "name": "Acme Coffee", "connections": [{"id": "n-1"}]}
BAKERY = {"id": "c-2", "name": "Blue Bakery", "connections": [{"id": "n-2", "qualityRating": "RED"}]}


class Attention(unittest.TestCase):
    mock = None

    def test_clients_that_need_attention_are_named_after_changes(self):
        with self.mock.partner(companies=[ACME, BAKERY]) as partner:
            self.assertEqual(partner.attention(), ["Blue Bakery"])
            partner.call("PATCH", "/connections/n-1", {"qualityRating": "YELLOW"})
            self.assertEqual(partner.attention(), ["Acme Coffee", "Blue Bakery"])
            partner.call("DELETE", "/companies/c-2")
            self.assertEqual(partner.attention(), ["Acme Coffee"])

    def test_thousands_of_companies_are_read(self):
        with self.mock.partner(generate={"companies": 5000, "rngSeed": 7}) as partner:
            self.assertGreater(len(partner.attention()), 0)
            self.assertEqual(partner.call("GET", "")["companies"], 5000)

    def test_a_server_error_is_retried_once(self):
        with self.mock.partner(companies=[BAKERY]) as partner:
            partner.call("POST", "/faults", {"status": 502, "htmlErrorPage": True, "times": 1})
            self.assertEqual(partner.attention(), ["Blue Bakery"])
            rule = partner.call("POST", "/faults", "status=503")
            with self.assertRaises(urllib.error.HTTPError) as raised:
                partner.attention()
            self.assertEqual(raised.exception.code, 503)
            raised.exception.close()
            self.assertEqual(self.mock.call("GET", "/faults/" + rule["id"])["hits"], 2)
            partner.call("GET", "/requests?path=companies&exactly=4")

    def test_a_revoked_key_is_an_error_and_not_retried(self):
        with self.mock.partner() as partner:
            (key,) = partner.call("GET", "/keys")["data"]
            partner.call("DELETE", "/keys/" + key["id"])
            with self.assertRaises(urllib.error.HTTPError) as raised:
                partner.attention()
            self.assertEqual(json.load(raised.exception), {"error": "invalid_token"})
            received = partner.call("GET", "/requests?exactly=1")["data"]
            self.assertEqual(received[0]["disposition"], "revoked key")

    def test_a_request_in_the_background_is_waited_for(self):
        with self.mock.partner(companies=[ACME]) as partner:
            worker = threading.Thread(target=partner.attention)
            worker.start()
            # The wait ends as soon as the request arrives, and fails if none arrives in time.
            received = partner.call("GET", "/requests?path=companies&atLeast=1&within=30s")["data"]
            worker.join()
            self.assertEqual((received[0]["method"], received[0]["status"]), ("GET", 200))

    def test_a_missing_request_is_explained(self):
        with self.mock.partner() as partner:
            partner.attention()
            with self.assertRaisesRegex(AssertionError, "nearest   req-"):
                partner.call("GET", "/requests?path=wallet&exactly=1")

    def test_endpoints_that_are_only_announced_can_be_called_today(self):
        with self.mock.partner() as partner:
            partner.call("POST", "/stubs", {"path": "stats", "json": {"sent": 3}})
            url, headers = self.mock.base_url + "/stats", {"Authorization": "Bearer " + partner.key}
            with OPENER.open(urllib.request.Request(url, headers=headers), timeout=5) as response:
                self.assertEqual(json.load(response), {"sent": 3})


def main():
    given = sys.argv[1:]
    with contextlib.nullcontext(given[0]) if given else started() as url:
        Attention.mock = Mock(url)
        return not unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main())
