/** `docker run` as a form. The line that it stands for is shown as it is filled in, and that line is what runs. */
import { html } from "lit";
import type { App } from "../app.ts";
import { icon } from "../shell/icons.ts";
import { DrawnDialog } from "./dialog.ts";
import { type RunForm, runLine } from "./run-line.ts";

export function openRun(app: App, image: string): void {
  let form: RunForm = {
    image,
    name: "",
    ports: "",
    environment: "",
    volumes: "",
    network: "bridge",
    command: "",
    memory: "",
    detached: true,
    interactive: false,
    remove: false,
  };
  const set = (change: Partial<RunForm>): void => {
    form = { ...form, ...change };
    dialog.redraw();
  };
  const text = (key: keyof RunForm, label: string, placeholder: string) => html`<div class="field">
    <label for="run-${key}">${label}</label>
    <input class="input mono" id="run-${key}" placeholder=${placeholder} autocomplete="off" spellcheck="false" .value=${String(form[key])} @input=${(event: Event) => set({ [key]: (event.target as HTMLInputElement).value })} />
  </div>`;
  const flag = (label: string, on: boolean, change: (on: boolean) => Partial<RunForm>) =>
    html`<label class="check"><input type="checkbox" .checked=${on} @change=${(event: Event) => set(change((event.target as HTMLInputElement).checked))} />${label}</label>`;
  const dialog: DrawnDialog = new DrawnDialog(
    "run-title",
    () => html`<form method="dialog" @submit=${(event: SubmitEvent) => {
      if ((event.submitter as HTMLButtonElement | null)?.value === "run") void app.runInTerminal(runLine(form));
    }}>
    <div class="dhead"><h2 id="run-title">Run ${image}</h2></div>
    <div class="dbody">
      <div class="twocol">${text("name", "Name", "a name of Docker's")}${text("ports", "Ports, host:container", "8080:80")}</div>
      <div class="twocol">${text("volumes", "Volumes, source:path", "data:/var/lib/data")}${text("memory", "Memory limit", "64m")}</div>
      <div class="twocol">
        <div class="field"><label for="run-network">Network</label><select class="input" id="run-network" @change=${(event: Event) => set({ network: (event.target as HTMLSelectElement).value })}>
          ${(app.store.state.networks ?? []).map(({ Name }) => html`<option ?selected=${Name === form.network}>${Name}</option>`)}
        </select></div>
        ${text("command", "Command", "the image's own")}
      </div>
      <div class="field"><label for="run-environment">Environment, one NAME=value a line</label>
        <textarea class="input mono" id="run-environment" rows="2" .value=${form.environment} @input=${(event: Event) => set({ environment: (event.target as HTMLTextAreaElement).value })}></textarea></div>
      <div class="row" style="gap: 16px">
        ${flag("In the background", form.detached, (detached) => ({ detached, interactive: detached ? false : form.interactive }))}
        ${flag("With a terminal", form.interactive, (interactive) => ({ interactive, detached: interactive ? false : form.detached }))}
        ${flag("Remove when it ends", form.remove, (remove) => ({ remove }))}
      </div>
      <div class="fence"><code aria-label="Command">${runLine(form)}</code><button type="button" class="ib s" aria-label="Copy command" title="Copy command" @click=${() => void app.copy(runLine(form), "Command")}>${icon("copy")}</button></div>
    </div>
    <div class="dfoot"><button class="btn" autofocus>Cancel</button><button class="btn go" value="run">${icon("play")}Run</button></div>
  </form>`,
  );
}
