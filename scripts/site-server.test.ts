import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SiteServer, serveSite } from "./site-server.ts";

let server: SiteServer;
beforeAll(async () => {
  const [first, second] = [mkdtempSync(join(tmpdir(), "site-")), mkdtempSync(join(tmpdir(), "site-"))];
  writeFileSync(join(first, "index.html"), "<p>home</p>");
  writeFileSync(join(second, "blob"), "0123456789");
  server = await serveSite([first, second]);
});
afterAll(() => server.close());

it("serves the index, and files of the folder below", async () => {
  const home = await fetch(server.url);
  expect([home.headers.get("content-type"), await home.text()]).toEqual(["text/html; charset=utf-8", "<p>home</p>"]);
  expect(await (await fetch(`${server.url}blob`)).text()).toBe("0123456789");
});
it("answers ranges and validators", async () => {
  const part = await fetch(`${server.url}blob`, { headers: { range: "bytes=2-4" } });
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
  const etag = part.headers.get("etag") ?? "";
  expect((await fetch(`${server.url}blob`, { headers: { "if-none-match": etag } })).status).toBe(304);
  expect((await fetch(`${server.url}blob`, { headers: { range: "bytes=20-" } })).status).toBe(416);
});
it("gives nothing outside its folders", async () => {
  expect((await fetch(`${server.url}..%2f..%2fetc%2fpasswd`)).status).toBe(404);
});
it("counts what it has sent", async () => {
  const before = server.bytesSent();
  await (await fetch(`${server.url}blob`)).text();
  await expect.poll(() => server.bytesSent() - before).toBe(10);
});
