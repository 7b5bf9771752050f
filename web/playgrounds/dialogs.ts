/** The questions about playgrounds: a name, and whether one is to go. */
import { html } from "lit";
import { DrawnDialog } from "../panels/dialog.ts";
import { icon } from "../shell/icons.ts";

export function askName(options: {
  readonly title: string;
  readonly name: string;
  readonly button: string;
  readonly note?: string;
  run(name: string): void;
}): void {
  let name = options.name;
  const dialog = new DrawnDialog(
    "playground-name-title",
    () => html`<form method="dialog" @submit=${(event: SubmitEvent) => {
      if ((event.submitter as HTMLButtonElement | null)?.value === "go") options.run(name);
    }}>
    <div class="dhead"><h2 id="playground-name-title">${options.title}</h2></div>
    <div class="dbody">
      <div class="field"><label for="playground-name">Name</label>
        <input class="input" id="playground-name" required maxlength="80" autocomplete="off" .value=${name} autofocus
          @input=${(event: Event) => {
            name = (event.target as HTMLInputElement).value;
          }} /></div>
      ${options.note === undefined ? "" : html`<p class="text2">${options.note}</p>`}
    </div>
    <div class="dfoot"><button class="btn" type="button" @click=${() => dialog.close()}>Cancel</button><button class="btn go" value="go">${options.button}</button></div>
  </form>`,
  );
  dialog.element.querySelector("input")?.select();
}

export function askNewPlayground(run: (name: string) => void): void {
  askName({
    title: "New playground",
    name: "",
    button: "Create and open",
    note: "A machine of its own: no images, containers or files of the others.",
    run,
  });
}

export function askRemoval(name: string, size: string, run: () => void): void {
  const dialog = new DrawnDialog(
    "playground-removal-title",
    () => html`<form method="dialog" @submit=${(event: SubmitEvent) => {
      if ((event.submitter as HTMLButtonElement | null)?.value === "go") run();
    }}>
    <div class="dhead"><h2 id="playground-removal-title">Delete ${name}?</h2></div>
    <div class="dbody"><p>Its images, containers, volumes and files are gone then: ${size}. A file saved of it before can be opened again.</p></div>
    <div class="dfoot"><button class="btn" type="button" autofocus @click=${() => dialog.close()}>Cancel</button><button class="btn bad" value="go">${icon("trash")}Delete</button></div>
  </form>`,
  );
}
