/** Questions at the terminal. */
import type { Context } from "../session/context.ts";

/** One line of stdin without its newline; what follows stays unread. "" at the end of input. */
export async function readLine(context: Context, message: string): Promise<string> {
  const { out, invocation, signal } = context;
  out.print(message);
  await out.flush();
  const reader = invocation.stdin.getReader();
  const decoder = new TextDecoder();
  const abort = (): void => {
    reader.cancel().catch(() => undefined);
  };
  signal.addEventListener("abort", abort, { once: true });
  let text = "";
  try {
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", abort);
    reader.releaseLock();
  }
  if (signal.aborted) {
    out.print("\n");
    throw signal.reason;
  }
  return (text.split("\n")[0] ?? "").replace(/\r$/, "");
}

/** "… [y/N] ": yes is "y" or "Y". */
export async function confirm(context: Context, message: string): Promise<boolean> {
  return (await readLine(context, `${message} [y/N] `)).trim().toLowerCase() === "y";
}

/** A password: typed keys are not shown. */
export async function readSecret(context: Context, message: string): Promise<string> {
  const { out, invocation, signal } = context;
  out.print(message);
  await out.flush();
  const { terminal } = invocation;
  if (!terminal.stdin) return readLine(context, "");
  await terminal.setRaw(true);
  const reader = invocation.stdin.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      for (const c of decoder.decode(value, { stream: true })) {
        if (c === "\r" || c === "\n") return text;
        if (c === "\x03") throw signal.reason ?? new Error("interrupted");
        if (c === "\x7f" || c === "\b") text = [...text].slice(0, -1).join("");
        else text += c;
      }
    }
    return text;
  } finally {
    reader.releaseLock();
    await terminal.setRaw(false);
    out.print("\n");
  }
}
