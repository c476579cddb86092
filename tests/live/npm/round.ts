/** Registers, logs in, writes, changes and lists, through the generated types. */

import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

function expect(truth: boolean, what: string): asserts truth {
  if (!truth) throw new Error(what);
}

const baseUrl = process.argv[2];
expect(baseUrl !== undefined, "usage: round.js ADDRESS");
const api = createClient<paths>({
  baseUrl,
  headers: { Accept: "application/json; version=1.0" },
});

const account = { username: "grace", password: "correct horse battery" };
const made = await api.POST("/auth/register", {
  body: { ...account, email: "grace@example.com" },
});
expect(made.data !== undefined, "the registration is refused");
expect(made.response.status === 201, "the registration is no 201");

const again = await api.POST("/auth/register", {
  body: { ...account, email: "another@example.com" },
});
expect(again.error?.status === 409, "a name is taken twice");
expect(again.error.errors?.["username"]?.[0] === "Already taken.", "409 names no field");

const login = await api.POST("/auth/login", { body: account });
expect(login.data !== undefined, "the login is refused");
const headers = { Authorization: `Bearer ${login.data.access_token}` };

const written = await api.POST("/posts", {
  headers,
  body: { title: "From TypeScript", content: "Typed.", published: true },
});
expect(written.data !== undefined, "the post is refused");
const { id, user } = written.data;
expect(user.username === "grace", "the post has another author");

const etag = written.response.headers.get("ETag");
expect(etag !== null, "the post has no ETag");
const change = {
  headers,
  params: { path: { id }, header: { "If-Match": etag } },
  body: { title: "From TypeScript, again" },
};
expect((await api.PATCH("/posts/{id}", change)).data?.title === change.body.title, "no change");
expect((await api.PATCH("/posts/{id}", change)).error?.status === 412, "a change is overwritten");

const listed = await api.GET("/posts", {
  params: { query: { per_page: 1, sort: "-created_at", total: true } },
});
expect(listed.data?.[0]?.id === id, "the post is not listed");
expect(listed.response.headers.get("API-Version") === "1.0", "another version answered");

const seen = await api.GET("/users/{id}", { headers, params: { path: { id: user.id } } });
expect(
  seen.data !== undefined && "email" in seen.data && seen.data.email === "grace@example.com",
  "a user does not see their own address",
);
console.log("done");
