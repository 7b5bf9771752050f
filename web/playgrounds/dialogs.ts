/** The questions about playgrounds: a name, and whether one is to go. */
import { askSure, askText } from "../shell/ask.ts";

export async function askName(options: {
  readonly title: string;
  readonly name: string;
  readonly button: string;
  readonly note?: string;
  run(name: string): void;
}): Promise<void> {
  const { title, name, button, note, run } = options;
  const answer = await askText({
    title,
    label: "Name",
    value: name,
    button,
    ...(note === undefined ? {} : { note }),
    refusal: (text) => (text.length > 80 ? "A name has 80 characters at most." : undefined),
  });
  if (answer !== undefined) run(answer);
}

export async function askNewPlayground(run: (name: string) => void): Promise<void> {
  await askName({
    title: "New playground",
    name: "",
    button: "Create and open",
    note: "A machine of its own: no images, containers or files of the others.",
    run,
  });
}

export async function askRemoval(name: string, size: string, run: () => void): Promise<void> {
  const sure = await askSure({
    title: `Delete ${name}?`,
    body: `Its images, containers, volumes and files are gone then: ${size}. A file saved of it before can be opened again.`,
    button: "Delete",
  });
  if (sure) run();
}
