// Runs the client of client.ts against a server with the demonstration company: the tour of the README, and what every
// front-end does beside it.
//
//   LIAISON_URL=http://127.0.0.1:8080 LIAISON_USER=… LIAISON_PASSWORD=… node generated/js/run.js

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { before } from "node:test";

import { answered, Liaison, Refusal, type Problem, type SparseClientPage } from "./client.js";

const { LIAISON_URL = "", LIAISON_USER = "", LIAISON_PASSWORD = "" } = process.env;

const liaison = new Liaison(LIAISON_URL);
const { http } = liaison;

before(() => liaison.signIn(LIAISON_USER, LIAISON_PASSWORD));

/** The problem of type `code` that `call` is refused with, with what that type has. */
async function refused<Code extends Problem["code"]>(code: Code, call: Promise<unknown>) {
  const reason = await call.then(
    () => assert.fail("it is not refused"),
    (error: unknown) => error,
  );
  assert.ok(reason instanceof Refusal, String(reason));
  assert.equal(reason.problem.code, code);
  return reason.problem as Extract<Problem, { code: Code }>;
}

test("the tour of the README", async () => {
  const clients = answered(
    await http.GET("/v1/clients", { params: { query: { q: "save-a-lot", fields: ["id"] } } }),
  ) as SparseClientPage;
  const client_id = clients.data[0]?.id;
  assert.ok(client_id);

  const call = answered(
    await http.POST("/v1/interactions", {
      body: {
        client_id,
        channel: "phone",
        direction: "outbound",
        purpose: "negotiation",
        subject: "Autumn assortment",
        outcome: "positive",
        next: {
          channel: "phone",
          purpose: "follow_up",
          subject: "Confirm the order",
          scheduled_at: "2030-09-02T09:00:00Z",
        },
      },
    }),
  );
  assert.equal(call.status, "done");

  const products = answered(await http.GET("/v1/products", { params: { query: { q: "camembert", fields: ["id"] } } }));
  const product_id = products.data[0]?.id;
  assert.ok(product_id);
  const order = answered(await http.POST("/v1/orders", { body: { client_id, lines: [{ product_id, quantity: "10" }] } }));
  assert.equal(order.status, "draft");

  const departments = answered(await http.GET("/v1/departments", { params: { query: { fields: ["id"], limit: 1 } } }));
  const department_id = departments.data[0]?.id;
  assert.ok(department_id);
  const handedOver = answered(
    await http.POST("/v1/orders/{id}/hand-over", {
      params: { path: { id: order.id }, header: { "If-Match": "*" } },
      body: { department_id, due_at: "2030-09-10T12:00:00Z" },
    }),
  );
  assert.equal(handedOver.status, "handed_over");
  assert.equal(handedOver.department_id, department_id);

  const timeline = answered(await http.GET("/v1/clients/{id}/timeline", { params: { path: { id: client_id } } }));
  assert.ok(timeline.data.length > 0);
});

test("a request that is sent again with its key is done once", async () => {
  const key = randomUUID();
  const first = await liaison.create("Romashka", key);
  const again = await liaison.create("Romashka", key);
  assert.equal(again.id, first.id);

  const mismatch = await refused("idempotency_mismatch", liaison.create("Lyutik", key));
  assert.equal(mismatch.status, 422);
});

test("a change needs the version that was read", async () => {
  const { id } = await liaison.create("Vasilyok", randomUUID());
  const { client, etag } = await liaison.client(id);
  const renamed = await liaison.rename(id, etag, "Vasilyok and Sons");
  assert.equal(renamed.name, "Vasilyok and Sons");
  assert.equal(renamed.version, client.version + 1);

  const stale = await refused("precondition_failed", liaison.rename(id, etag, "Vasilyok and Daughters"));
  assert.equal(stale.current_version, renamed.version);
});

test("a wrong value is named by its pointer", async () => {
  const problem = await refused("validation_failed", liaison.create("", randomUUID()));
  assert.deepEqual(
    problem.errors?.map(({ pointer, code }) => ({ pointer, code })),
    [{ pointer: "/name", code: "too_short" }],
  );
});

test("what does not exist is not found", async () => {
  const problem = await refused("not_found", liaison.client(randomUUID()));
  assert.equal(problem.status, 404);
});

test("pages follow one another", async () => {
  const ids: string[] = [];
  let pages = 0;
  for await (const page of liaison.clientPages(2)) {
    assert.ok(page.data.length > 0 && page.data.length <= 2);
    ids.push(...page.data.map((client) => client.id));
    pages += 1;
    if (pages === 3) break;
  }
  assert.equal(pages, 3);
  assert.equal(new Set(ids).size, ids.length);
});

test("related resources come along, and only the fields asked for", async () => {
  const page = answered(
    await http.GET("/v1/clients", {
      params: { query: { include: ["owner", "primary_contact"], fields: ["id", "name", "owner"], limit: 1 } },
    }),
  );
  const [client] = page.data;
  assert.ok(client?.owner?.name);
  assert.deepEqual(Object.keys(client).sort(), ["id", "name", "owner"]);
});
