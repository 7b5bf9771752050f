import "@xterm/xterm/css/xterm.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/overlays.css";
import "./styles/terminal.css";
import "./styles/views.css";
import { readEmbedOptions } from "../embed/address.ts";
import { App } from "./app.ts";
import "./shell/app-element.ts";
import { portOfHost } from "./preview/origin.ts";
import { provideApp } from "./shell/light-element.ts";
import { settle } from "./shell/settle.ts";
import { startTheme } from "./shell/theme.ts";

startTheme();
const embedding = readEmbedOptions(location.search);
// A preview's host serves the same files; the app itself has nothing to do there.
if (portOfHost(location.hostname) !== undefined)
  document.body.textContent = "This address belongs to a preview. Open it from the playground that runs the container.";
else if (embedding !== undefined) void import("./embed/embed.ts").then(({ openEmbed }) => openEmbed(embedding));
else {
  const { playground, address } = settle(location);
  if (address !== undefined) history.replaceState(null, "", address);
  provideApp(new App({ playground, readOnly: false, lessonsHere: false }));
  document.body.replaceChildren(document.createElement("dd-app"));
}
