/** Two versions of a file, line by line. */
import { html, type TemplateResult } from "lit";

export interface DiffLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

/** Larger files are not compared line by line: what a person could read is shown. */
const mostBytes = 512 * 1024;
const isText = (bytes: Uint8Array): boolean => bytes.length <= mostBytes && !bytes.subarray(0, 4096).includes(0);

/** `undefined` where one of them is no text. */
export async function diffText(before: Uint8Array, after: Uint8Array): Promise<readonly DiffLine[] | undefined> {
  if (!isText(before) || !isText(after)) return undefined;
  const { diffLines } = await import("diff");
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return diffLines(decode(before), decode(after)).flatMap(({ added, removed, value }): DiffLine[] =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((text) => ({ sign: added ? "+" : removed ? "-" : " ", text })),
  );
}

export function diffView(path: string, lines: readonly DiffLine[] | undefined): TemplateResult {
  return html`<div class="toolbar"><code class="s clip grow">${path}</code></div>
    ${
      lines === undefined
        ? html`<div class="empty"><p>Not text, or too large to show line by line.</p></div>`
        : html`<pre class="scroll diff" tabindex="0" aria-label="Changed lines of ${path}">${lines.map(({ sign, text }) => html`<div class=${sign === "+" ? "plus" : sign === "-" ? "minus" : ""}>${sign} ${text}</div>`)}</pre>`
    }`;
}
