#!/usr/bin/env bash
# Tests a shell script's call of the Partner API against the mock, with curl and nothing else.
#
#   curl.sh                        runs under `partner-api mock exec` (or the program that PARTNER_API_MOCK names)
#   curl.sh http://127.0.0.1:4010  uses one that runs; PARTNER_API_MOCK_TOKEN is its token, if it has one
#
# It makes a partner of its own, so any number of these may run on one mock at the same time. It ends with 0 if
# all is as expected; otherwise it says what is not, and ends with 1.
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

# control METHOD PATH [JSON]: asks the control API, and prints what it answers. Anything but 2xx is a failure.
# Content-Type is needed even where there is no body.
control() {
    local method=$1 path=$2 answer
    shift 2
    local -a arguments=(--silent --show-error --noproxy "*" --request "$method" --header "Content-Type: application/json")
    if [[ -n ${PARTNER_API_MOCK_TOKEN:-} ]]; then
        arguments+=(--header "Authorization: Bearer $PARTNER_API_MOCK_TOKEN")
    fi
    if [[ $# -gt 0 ]]; then arguments+=(--data "$1"); fi
    answer=$(curl "${arguments[@]}" --write-out '\n%{http_code}' "$control_url$path") || fail "$method $path: no answer"
    if [[ ${answer##*$'\n'} != 2* ]]; then fail "$method $path: ${answer%$'\n'*}"; fi
    printf '%s\n' "${answer%$'\n'*}"
}

# field NAME: the first string of this name in the JSON that comes in.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# --- What is tested: a line about the balance, which survives a service that is busy for a moment --------------

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
printf 'a partner of its own            %s\n' "${partner#/partners/}"

line=$(balance "$base_url" "$key") || fail "it says nothing"
[[ $line == "12 credits, priced in EUR" ]] || fail "the balance is said as: $line"
printf 'it says the balance             %s\n' "$line"

control PATCH "$partner/wallet" '{"balance": -3}' >/dev/null
line=$(balance "$base_url" "$key") || fail "it says nothing"
[[ $line == "-3 credits, priced in EUR" ]] || fail "a debt is said as: $line"
printf 'it says a debt                  %s\n' "$line"

control POST "$partner/faults" '{"status": 503, "times": 1, "operation": "wallet"}' >/dev/null
line=$(balance "$base_url" "$key") || fail "it gave up on a service that was busy once"
control GET "$partner/requests?path=wallet&status=503&exactly=1&within=5s" >/dev/null
printf 'it survives a 503               %s\n' "$line"

control PATCH "$partner" '{"active": false}' >/dev/null
if line=$(balance "$base_url" "$key"); then fail "with a partner that is not active it says: $line"; fi
printf 'it says nothing when refused\n'

asked=$(control GET "$partner/requests?path=wallet&exactly=5" | grep -o '"status":[0-9]*' | paste -s -d ' ')
[[ $asked == '"status":200 "status":200 "status":503 "status":200 "status":401' ]] || fail "the journal has $asked"
printf 'and the journal has all of it   %s\n' "${asked//\"status\":/}"
printf 'ok\n'
