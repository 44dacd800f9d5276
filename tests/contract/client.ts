// A front-end's client, made by openapi-typescript from openapi/openapi.json. It has to compile in strict mode: what is
// wrong in the document's types fails here, at the call that a front-end would write.

import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

type Client = components["schemas"]["Client"];
type Problem = components["schemas"]["Problem"];

export class Liaison {
  readonly #http;

  constructor(baseUrl: string) {
    this.#http = createClient<paths>({ baseUrl });
  }

  async signIn(username: string, password: string): Promise<void> {
    const { data, error } = await this.#http.POST("/v1/auth/token", {
      body: { grant_type: "password", username, password },
      bodySerializer: (form) => new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
    });
    const token = answered(data, error).access_token;
    this.#http.use({
      onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${token}`);
        return request;
      },
    });
  }

  /** Every client whose status is `active`, page by page. */
  async *activeClients(): AsyncGenerator<Client> {
    let cursor: string | undefined;
    do {
      const { data, error } = await this.#http.GET("/v1/clients", {
        params: { query: { status: ["active"], sort: "-updated_at", limit: 200, ...(cursor && { cursor }) } },
      });
      const page = answered(data, error);
      yield* page.data;
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
  }

  async create(name: string, idempotencyKey: string): Promise<Client> {
    const { data, error } = await this.#http.POST("/v1/clients", {
      params: { header: { "Idempotency-Key": idempotencyKey } },
      body: { kind: "organization", name },
    });
    return answered(data, error);
  }

  async rename(client: Client, name: string): Promise<Client> {
    const { data, error } = await this.#http.PATCH("/v1/clients/{id}", {
      params: { path: { id: client.id }, header: { "If-Match": `"${client.version}"` } },
      body: { name, website: null },
    });
    return answered(data, error);
  }

  async archive(client: Client, reason: string): Promise<Client> {
    const { data, error } = await this.#http.POST("/v1/clients/{id}/archive", {
      params: { path: { id: client.id }, header: { "If-Match": "*" } },
      body: { reason },
    });
    return answered(data, error);
  }
}

function answered<T>(data: T | undefined, problem: Problem | undefined): T {
  if (problem) {
    const fields = (problem.errors ?? []).map((field) => `${field.pointer}: ${field.detail}`);
    throw new Error([problem.detail, ...fields].join("\n"));
  }
  if (data === undefined) throw new Error("an answer without a body");
  return data;
}
