"""Tests a function of a Python program against the mock."""

import json
import urllib.error
import urllib.request

import pytest
from conftest import OPENER


def is_low(base_url, key, level=10):
    """The code under test: whether the balance is below a level, with one retry."""
    request = urllib.request.Request(base_url + "/wallet", headers={"Authorization": "Bearer " + key})
    for attempt in (1, 2):
        try:
            with OPENER.open(request, timeout=5) as response:
                return json.load(response)["balance"] < level
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 or attempt == 2:
                raise


@pytest.mark.parametrize("balance, expected", [(9, True), (10, False), (-3, True)])
def test_the_level_is_not_low(partner, balance, expected):
    partner.control("PATCH", "/wallet", {"balance": balance})
    assert is_low(partner.base_url, partner.key) is expected


def test_one_503_is_retried(partner):
    partner.control("POST", "/faults", {"status": 503, "times": 1})
    assert is_low(partner.base_url, partner.key)
    partner.control("GET", "/requests?path=wallet&exactly=2")


def test_a_rejected_key_is_not_retried(partner):
    partner.control("PATCH", "", {"active": False})
    with pytest.raises(urllib.error.HTTPError, match="401"):
        is_low(partner.base_url, partner.key)
    partner.control("GET", "/requests?path=wallet&exactly=1")
