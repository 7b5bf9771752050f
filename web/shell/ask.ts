/**
 * Questions in dialogs of the page's own: a browser shows no `prompt` or `confirm` for a frame of another site, and the
 * page is meant to be embedded. Both resolve when the dialog closes.
 */
import { html, nothing, type TemplateResult } from "lit";
import { DrawnDialog } from "../panels/dialog.ts";
import { icon } from "./icons.ts";

export interface TextQuestion {
  readonly title: string;
  readonly label: string;
  readonly value?: string;
  readonly button: string;
  readonly note?: string;
  /** Why the text cannot be taken; the dialog then stays open and says so. */
  readonly refusal?: (text: string) => string | undefined;
}

/** What was typed, without blanks around it; `undefined` when it was given up. */
export async function askText(question: TextQuestion): Promise<string | undefined> {
  const { title, label, button, note, refusal } = question;
  let text = question.value ?? "";
  let failure: string | undefined;
  let answer: string | undefined;
  await new Promise<void>((resolve) => {
    const dialog = new DrawnDialog(
      "ask-title",
      () => html`<form method="dialog" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        failure = refusal?.(text.trim());
        if (failure === undefined) {
          answer = text.trim();
          dialog.close();
        } else dialog.redraw();
      }}>
      <div class="dhead"><h2 id="ask-title">${title}</h2></div>
      <div class="dbody">
        <div class="field"><label for="ask-text">${label}</label>
          <input class="input" id="ask-text" required autocomplete="off" spellcheck="false" autofocus .value=${text}
            aria-invalid=${failure !== undefined} aria-describedby=${failure === undefined ? nothing : "ask-failure"}
            @input=${(event: Event) => {
              text = (event.target as HTMLInputElement).value;
            }} /></div>
        ${failure === undefined ? nothing : html`<div class="note bad" id="ask-failure" role="alert">${icon("warn")}<p>${failure}</p></div>`}
        ${note === undefined ? nothing : html`<p class="text2">${note}</p>`}
      </div>
      <div class="dfoot"><button class="btn" type="button" @click=${() => dialog.close()}>Cancel</button><button class="btn go">${button}</button></div>
    </form>`,
    );
    const input = dialog.element.querySelector("input");
    // Of a file's name the part before its ending is what is usually changed.
    const dot = text.lastIndexOf(".");
    input?.setSelectionRange(text.lastIndexOf("/") + 1, dot > 0 ? dot : text.length);
    dialog.element.addEventListener("close", () => resolve(), { once: true });
  });
  return answer === "" ? undefined : answer;
}

export interface SureQuestion {
  readonly title: string;
  readonly body: TemplateResult | string;
  /** The docker line that it stands for. */
  readonly line?: string;
  readonly button: string;
}

/** The focus is on the safe choice. */
export async function askSure({ title, body, line, button }: SureQuestion): Promise<boolean> {
  let sure = false;
  await new Promise<void>((resolve) => {
    const dialog = new DrawnDialog(
      "ask-title",
      () => html`<form method="dialog" @submit=${(event: SubmitEvent) => {
        sure = (event.submitter as HTMLButtonElement | null)?.value === "go";
      }}>
      <div class="dhead"><h2 id="ask-title">${title}</h2>${line === undefined ? nothing : html`<code class="s sub">${line}</code>`}</div>
      <div class="dbody">${typeof body === "string" ? html`<p>${body}</p>` : body}</div>
      <div class="dfoot"><button class="btn" type="button" autofocus @click=${() => dialog.close()}>Cancel</button><button class="btn bad" value="go">${icon("trash")}${button}</button></div>
    </form>`,
    );
    dialog.element.addEventListener("close", () => resolve(), { once: true });
  });
  return sure;
}
