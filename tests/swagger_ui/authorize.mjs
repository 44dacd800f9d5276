// Swagger UI as a person uses it: open the page, sign in with Authorize, list the clients, see 200.
//
// Needs a running server and a user of it:
//   LIAISON_URL=http://127.0.0.1:8080 LIAISON_USER=… LIAISON_PASSWORD=… node authorize.mjs
// CHROMIUM names the browser (/usr/bin/chromium when left out), SCREENSHOT a file to put a picture of the end into.

import assert from "node:assert/strict";
import test from "node:test";

import { chromium } from "playwright-core";

const { LIAISON_URL, LIAISON_USER, LIAISON_PASSWORD, SCREENSHOT } = process.env;
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
// As root a browser has no sandbox; the others keep it from calling its maker.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens `path` of the server in a fresh browser, and collects what goes wrong in it. */
async function withPage(path, visit) {
  const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    page.setDefaultTimeout(20_000);
    const wrong = [];
    const foreign = [];
    page.on("console", (message) => {
      if (message.type() === "error") wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(LIAISON_URL) && !url.startsWith("data:")) foreign.push(url);
    });
    await page.goto(LIAISON_URL + path);
    await visit(page);
    assert.deepEqual(wrong, [], "the browser's console tells no error");
    assert.deepEqual(foreign, [], "no other host is asked for anything");
  } finally {
    await browser.close();
  }
}

async function authorize(page, user, password) {
  await page.locator(".auth-wrapper .btn.authorize").click();
  const dialog = page.locator(".modal-ux");
  await dialog.locator("#oauth_username").fill(user);
  await dialog.locator("#oauth_password").fill(password);
  await dialog.locator(".auth-container", { has: page.locator("#oauth_username") }).locator(".btn.authorize").click();
  return dialog;
}

test("the start page leads to Swagger UI, which shows every operation's tag", async () => {
  await withPage("/", async (page) => {
    await page.locator("#operations-tag-clients").waitFor();
    assert.equal(new URL(page.url()).pathname, "/docs/");
  });
});

test("a user who signs in with Authorize can list the clients", async () => {
  await withPage("/docs", async (page) => {
    const dialog = await authorize(page, LIAISON_USER, LIAISON_PASSWORD);
    await dialog.getByRole("button", { name: "Remove authorization" }).waitFor();
    await dialog.locator(".close-modal").click();

    const operation = page.locator("#operations-clients-list_clients");
    await operation.locator(".opblock-summary-control").click();
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/clients");
    await operation.getByRole("button", { name: "Execute" }).click();
    const response = await answered;
    const status = operation.locator(".live-responses-table tbody .response-col_status").first();
    await status.waitFor();
    if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT });

    assert.match(response.request().headers().authorization, /^Bearer ey/);
    assert.equal(response.status(), 200);
    assert.equal((await status.innerText()).trim(), "200");
    assert.ok(Array.isArray((await response.json()).data));
  });
});

test("a wrong password is refused in the dialog", async () => {
  const visit = async (page) => {
    const dialog = await authorize(page, LIAISON_USER, "not the password");
    await dialog.locator(".errors").waitFor();
    assert.match(await dialog.locator(".errors").innerText(), /invalid_grant|Auth Error/i);
  };
  // The browser itself notes the 400 in its console.
  await assert.rejects(withPage("/docs/", visit), /400 \(Bad Request\)/);
});
