// Tests a Node.js program against the mock, with node:test and no package: `partner-api mock exec -- node --test`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

const { PARTNER_API_BASE_URL: baseUrl, PARTNER_API_MOCK_CONTROL_URL: controlUrl, PARTNER_API_MOCK_TOKEN: token } = process.env;

// --- The code under test: how many messages the credit pays for, with one retry ---------------------------------

async function affordableMessages(baseUrl, key) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${baseUrl}/wallet`, { headers: { authorization: `Bearer ${key}` } });
    if (response.ok) {
      const wallet = await response.json();
      return Math.max(0, Math.floor(wallet.balance / wallet.costPerMessage));
    }
    if (response.status < 500 || attempt === 2) throw new Error(`status ${response.status}`);
  }
}

// --- The control API ---------------------------------------------------------------------------------------------

async function control(method, path, body) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const response = await fetch(controlUrl + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${text}`);
  return text && JSON.parse(text);
}

// --- The tests, with a partner that only this file uses ----------------------------------------------------------

let partner;

before(async () => {
  assert.ok(controlUrl, "run with: partner-api mock exec -- node --test");
  partner = await control("POST", "/partners", { name: "node", wallet: { balance: 12, costPerMessage: 5 } });
});
after(() => partner && control("DELETE", `/partners/${partner.id}`));

test("credit pays for whole messages", async () => {
  assert.equal(await affordableMessages(baseUrl, partner.key), 2);
});

test("a debt pays for none", async () => {
  await control("PATCH", `/partners/${partner.id}/wallet`, { balance: -3 });
  assert.equal(await affordableMessages(baseUrl, partner.key), 0);
});

test("one 503 is retried, and the mock has received both requests", async () => {
  await control("DELETE", `/partners/${partner.id}/requests`);
  await control("POST", `/partners/${partner.id}/faults`, { status: 503, times: 1, operation: "wallet" });
  assert.equal(await affordableMessages(baseUrl, partner.key), 0);
  await control("GET", `/partners/${partner.id}/requests?path=wallet&exactly=2`);
});

test("an inactive partner is rejected", async () => {
  await control("PATCH", `/partners/${partner.id}`, { active: false });
  await assert.rejects(affordableMessages(baseUrl, partner.key), /status 401/);
});
