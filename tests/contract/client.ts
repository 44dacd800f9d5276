// A front-end's client, made by openapi-typescript from openapi/openapi.json. It has to compile in strict mode: what is
// wrong in the document's types fails here, at the call that a front-end would write.

import createClient, { type Client as Http } from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

type Schemas = components["schemas"];

export type Client = Schemas["Client"];
export type ClientPage = Schemas["ClientPage"];
export type SparseClientPage = Schemas["SparseClientPage"];

/** Every type of problem. `code` tells them apart, and with it what else a problem has. */
export type Problem = Extract<Schemas[keyof Schemas], { code: string; request_id: string }>;

/** What the server refused, with the problem that says why. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    const fields = "errors" in problem ? (problem.errors ?? []) : [];
    super([problem.detail, ...fields.map((field) => `${field.pointer}: ${field.detail}`)].join("\n"));
  }
}

export class Liaison {
  readonly http: Http<paths>;

  constructor(baseUrl: string) {
    this.http = createClient<paths>({ baseUrl });
  }

  async signIn(username: string, password: string): Promise<void> {
    const token = answered(
      await this.http.POST("/v1/auth/token", {
        body: { grant_type: "password", username, password },
        // OAuth 2.0 has a form here, where all else is JSON.
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      }),
    );
    this.http.use({
      onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${token.access_token}`);
        return request;
      },
    });
  }

  /** All clients within reach, page by page. */
  async *clientPages(limit: number): AsyncGenerator<ClientPage> {
    let cursor: string | null = null;
    do {
      const query = { sort: "name" as const, limit, ...(cursor && { cursor }) };
      const answer = await this.http.GET("/v1/clients", { params: { query } });
      // Whole clients, since `fields` was not asked for.
      const page = answered(answer) as ClientPage;
      yield page;
      cursor = page.next_cursor;
    } while (cursor);
  }

  /** The client with the `ETag` that a change of it needs. */
  async client(id: string): Promise<{ client: Client; etag: string }> {
    const answer = await this.http.GET("/v1/clients/{id}", { params: { path: { id } } });
    return { client: answered(answer) as Client, etag: answer.response.headers.get("ETag") ?? "" };
  }

  async create(name: string, idempotencyKey: string): Promise<Client> {
    return answered(
      await this.http.POST("/v1/clients", {
        params: { header: { "Idempotency-Key": idempotencyKey } },
        body: { kind: "organization", name },
      }),
    );
  }

  async rename(id: string, etag: string, name: string): Promise<Client> {
    return answered(
      await this.http.PATCH("/v1/clients/{id}", {
        params: { path: { id }, header: { "If-Match": etag } },
        body: { name, website: null },
      }),
    );
  }
}

/** What was answered, or a `Refusal`. */
export function answered<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (error) throw new Refusal(error);
  if (data === undefined) throw new Error("an answer without a body");
  return data;
}
