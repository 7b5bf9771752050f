/** What stands in the playground's place before it is started, and after it has ended: a sentence and a button. */
export interface Poster {
  show(text: string, button: string): void;
  hide(): void;
}

const style = `
:host { display: block; position: relative; height: 420px; border: 1px solid #8884; border-radius: 6px; overflow: hidden; }
:host([hidden]) { display: none; }
iframe { border: 0; width: 100%; height: 100%; display: block; }
.poster { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px; padding: 16px; text-align: center;
  font: 15px/24px system-ui, sans-serif; background: Canvas; color: CanvasText; }
.poster[hidden] { display: none; }
p { margin: 0; max-width: 50ch; overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; min-height: 36px; padding: 0 20px; border: 1px solid #8a6a00; border-radius: 6px; background: #f2b705; color: #1d1a12; cursor: pointer; }
button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`;

export function drawPoster(root: ShadowRoot, onStart: () => void): Poster {
  const sheet = document.createElement("style");
  sheet.textContent = style;
  const poster = document.createElement("div");
  poster.className = "poster";
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.addEventListener("click", onStart);
  poster.append(sentence, button);
  root.append(sheet, poster);
  return {
    show(text, label) {
      sentence.textContent = text;
      button.textContent = label;
      poster.hidden = false;
    },
    hide() {
      poster.hidden = true;
    },
  };
}
