// Swagger UI as a person uses it: open the page, sign in with Authorize, list the clients, see 200.
//
// Needs a running server and a user of it:
//   LIAISON_URL=http://127.0.0.1:8080 LIAISON_USER=… LIAISON_PASSWORD=… node authorize.mjs
// CHROMIUM names the browser (/usr/bin/chromium when left out), SCREENSHOTS a folder to put pictures into.

import assert from "node:assert/strict";
import test from "node:test";

import { chromium } from "playwright-core";

const { LIAISON_URL, LIAISON_USER, LIAISON_PASSWORD, SCREENSHOTS } = process.env;
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
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(60_000);
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

/** Takes a picture of what is in the window. */
async function picture(page, name) {
  if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

/** Opens an operation of a tag; both are folded at first. */
async function open(page, tag, name) {
  await page.locator(`#operations-tag-${tag}`).click();
  const operation = page.locator(`#operations-${tag}-${name}`);
  await operation.locator(".opblock-summary-control").click();
  return operation;
}

test("the start page leads to Swagger UI: clients first, all folded", async () => {
  await withPage("/", async (page) => {
    await page.locator("#operations-tag-clients").waitFor();
    assert.equal(new URL(page.url()).pathname, "/docs/");
    assert.equal(await page.title(), "Liaison API");
    assert.equal(await page.locator(".opblock").count(), 0, "no operation is open");
    const tags = await page.locator("h3.opblock-tag").evaluateAll((all) => all.map((tag) => tag.dataset.tag));
    assert.equal(tags[0], "clients");
    assert.deepEqual(tags.slice(-2), ["auth", "service"]);
    await picture(page, "landing");
  });
});

test("the filter finds operations by a word", async () => {
  await withPage("/docs/", async (page) => {
    await page.locator("#operations-tag-clients").waitFor();
    await page.locator(".operation-filter-input").fill("hand over");
    await page.locator("#operations-orders-hand_over_order").waitFor();
    assert.equal(await page.locator("#operations-tag-clients").count(), 0);
  });
});

test("an operation tells when to use it, and its problems in one line", async () => {
  await withPage("/docs/#/clients/get_client", async (page) => {
    const operation = page.locator("#operations-clients-get_client");
    const problems = operation.locator("details.problems");
    await problems.waitFor();
    assert.match(await operation.locator(".opblock-description").innerText(), /^Use it to /);
    assert.match(await problems.innerText(), /^Problems: 400, 401, 403/);
    await page.setViewportSize({ width: 1200, height: 1700 });
    await operation.evaluate((element) => element.scrollIntoView());
    await picture(page, "operation");
  });
});

test("a user who signs in with Authorize can list the clients", async () => {
  await withPage("/docs", async (page) => {
    await page.locator(".auth-wrapper .btn.authorize").click();
    const first = page.locator(".modal-ux .auth-container").first();
    assert.equal(await first.locator("#oauth_password").count(), 1, "the password comes first");
    await picture(page, "authorize");
    await page.locator(".modal-ux .close-modal").click();

    const dialog = await authorize(page, LIAISON_USER, LIAISON_PASSWORD);
    await dialog.locator(".auth-container").first().getByRole("button", { name: "Remove authorization" }).waitFor();
    await dialog.locator(".close-modal").click();

    const operation = await open(page, "clients", "list_clients");
    const problems = operation.locator("details.problems");
    await problems.waitFor();
    assert.match(await problems.innerText(), /^Problems: 400, 401, 403/);
    assert.equal(await operation.locator("tr.response").count(), 1, "the problems are folded");
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/clients");
    await operation.getByRole("button", { name: "Execute" }).click();
    const response = await answered;
    const status = operation.locator(".live-responses-table tbody .response-col_status").first();
    await status.waitFor();
    await status.scrollIntoViewIfNeeded();
    await picture(page, "answer");

    assert.match(response.request().headers().authorization, /^Bearer ey/);
    assert.equal(response.status(), 200);
    assert.match((await status.innerText()).trim(), /^200/);
    assert.ok(Array.isArray((await response.json()).data));

    await problems.locator("summary").click();
    await problems.locator("tr.response").first().waitFor();
    assert.ok((await problems.locator("tr.response").count()) > 5, "they can be read");

    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.equal(kept, "[{},{}]", "the browser keeps nothing");
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
