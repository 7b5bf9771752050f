import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { trimV86 } from "./v86-trim.ts";

const library = readFileSync(createRequire(import.meta.url).resolve("v86/build/libv86.mjs"), "utf8");

it("keeps the machine's devices, and leaves out networks, screens and file systems that it has not", () => {
  const trimmed = trimV86(library);
  for (const kept of ["virtio_console", "handle9p", "data_port_write16", "vga_memory_write", "restore_state"])
    expect(trimmed).toContain(kept);
  for (const gone of ["send_wisp_frame", "form_response_head", "uart_set_dcd", "Createfid"])
    expect(trimmed).not.toContain(gone);
  expect(trimmed.length).toBeLessThan(0.75 * library.length);
});

it("refuses a library in which it does not find what it knows", () => {
  expect(() => trimV86("export class V86 {}")).toThrow("adapt v86-trim.ts");
});
