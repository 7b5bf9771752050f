import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/overlays.css";
import "./styles/terminal.css";
import "./styles/views.css";
import { App } from "./app.ts";
import "./shell/app-element.ts";
import { provideApp } from "./shell/light-element.ts";
import { startTheme } from "./shell/theme.ts";

startTheme();
provideApp(new App());
document.body.replaceChildren(document.createElement("dd-app"));
