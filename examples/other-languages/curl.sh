#!/usr/bin/env bash
# Tests a shell script's call of the Partner API against the mock, with curl and nothing else.
#
#   curl.sh                        runs under `partner-api mock exec` (or the program that PARTNER_API_MOCK names)
#   curl.sh http://127.0.0.1:4010  uses one that runs; PARTNER_API_MOCK_TOKEN is its token, if it has one
#
# It adds a partner for itself, so any number of these may run on one mock at the same time. It ends with 0 if
# everything is as expected; otherwise it says what is not, and ends with 1.
set -euo pipefail

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# --- The mock -------------------------------------------------------------------------------------------------

if [[ $# -gt 0 ]]; then
    control_url=${1%/}/_mock base_url=${1%/}/api/v1
elif [[ -n ${PARTNER_API_MOCK_CONTROL_URL:-} ]]; then
    control_url=$PARTNER_API_MOCK_CONTROL_URL base_url=$PARTNER_API_BASE_URL
else
    # Once more, with a mock that ends with this script.
    exec "${PARTNER_API_MOCK:-partner-api}" mock exec -- "$0"
fi

partner=""
cleanup() { if [[ -n $partner ]]; then control DELETE "$partner" >/dev/null || true; fi; }
trap cleanup EXIT

# control METHOD PATH [JSON]: calls the control API, and prints its response. Any status but 2xx is a failure.
# Content-Type is required even without a body.
control() {
    local method=$1 path=$2 response
    shift 2
    local -a arguments=(--silent --show-error --noproxy "*" --request "$method" --header "Content-Type: application/json")
    if [[ -n ${PARTNER_API_MOCK_TOKEN:-} ]]; then
        arguments+=(--header "Authorization: Bearer $PARTNER_API_MOCK_TOKEN")
    fi
    if [[ $# -gt 0 ]]; then arguments+=(--data "$1"); fi
    response=$(curl "${arguments[@]}" --write-out '\n%{http_code}' "$control_url$path") || fail "$method $path: no response"
    if [[ ${response##*$'\n'} != 2* ]]; then fail "$method $path: ${response%$'\n'*}"; fi
    printf '%s\n' "${response%$'\n'*}"
}

# field NAME: the first string of this name in the JSON on stdin.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# --- The code under test: a line about the balance, with retries ------------------------------------------------

balance() {
    curl --silent --noproxy "*" --fail --retry 2 --retry-delay 1 --header "Authorization: Bearer $2" "$1/wallet" |
        sed -n 's/.*"balance":\(-\{0,1\}[0-9]*\).*"currency":"\([A-Z]*\)".*/\1 credits, priced in \2/p'
}

# --- The test --------------------------------------------------------------------------------------------------

new=$(control POST /partners '{
    "name": "curl.sh",
    "wallet": {"balance": 12, "currency": "EUR"},
    "companies": [{"id": "c-1", "name": "Acme Coffee", "connections": [{"id": "n-1", "qualityRating": "RED"}]}]
}')
partner=/partners/$(field id <<<"$new")
key=$(field key <<<"$new")
printf 'a new partner                   %s\n' "${partner#/partners/}"

line=$(balance "$base_url" "$key") || fail "it prints nothing"
[[ $line == "12 credits, priced in EUR" ]] || fail "the balance is printed as: $line"
printf 'it prints the balance           %s\n' "$line"

control PATCH "$partner/wallet" '{"balance": -3}' >/dev/null
line=$(balance "$base_url" "$key") || fail "it prints nothing"
[[ $line == "-3 credits, priced in EUR" ]] || fail "a debt is printed as: $line"
printf 'it prints a debt                %s\n' "$line"

control POST "$partner/faults" '{"status": 503, "times": 1, "operation": "wallet"}' >/dev/null
line=$(balance "$base_url" "$key") || fail "it gave up on a service that was busy once"
control GET "$partner/requests?path=wallet&status=503&exactly=1&within=5s" >/dev/null
printf 'it survives a 503               %s\n' "$line"

control PATCH "$partner" '{"active": false}' >/dev/null
if line=$(balance "$base_url" "$key"); then fail "with an inactive partner it prints: $line"; fi
printf 'it prints nothing for an inactive partner\n'

received=$(control GET "$partner/requests?path=wallet&exactly=5" | grep -o '"status":[0-9]*' | paste -s -d ' ')
[[ $received == '"status":200 "status":200 "status":503 "status":200 "status":401' ]] || fail "the journal has $received"
printf 'the journal has all requests    %s\n' "${received//\"status\":/}"
printf 'ok\n'
