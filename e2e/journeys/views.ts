/** Every view of the page with how to come to it: for screenshots and for the accessibility check. */
import type { Page } from "playwright-core";

export interface View {
  readonly name: string;
  readonly address: string;
  /** What must be there before the view counts as shown. */
  readonly ready: (page: Page) => Promise<void>;
}

const seen = (role: Parameters<Page["getByRole"]>[0], name: string | RegExp) => (page: Page) =>
  page.getByRole(role, { name }).first().waitFor();

const terminal = seen("textbox", /^Terminal/);

export const views: readonly View[] = [
  { name: "home", address: "#/", ready: seen("heading", "Docker, running in this tab.") },
  {
    name: "home-playgrounds",
    address: "#/",
    ready: async (page) => {
      await page.getByRole("button", { name: "More for Shop with a queue" }).click();
      await page.getByRole("menuitem", { name: "Duplicate" }).click();
      await page.getByRole("heading", { name: "Duplicate Shop with a queue" }).waitFor();
    },
  },
  { name: "playground", address: "#/playground", ready: terminal },
  {
    name: "lost",
    address: "#/playground",
    ready: async (page) => {
      await terminal(page);
      await page.evaluate(() => window.dispatchEvent(new CustomEvent("drydock-lose-worker")));
      await page.getByRole("heading", { name: "The machine stopped" }).waitFor();
    },
  },
  { name: "containers", address: "#/containers", ready: seen("link", "web") },
  { name: "container-logs", address: "#/containers/web/logs", ready: seen("log", /Log of web/) },
  { name: "container-inspect", address: "#/containers/web/inspect", ready: seen("treeitem", /State/) },
  { name: "container-stats", address: "#/containers/web/stats", ready: seen("heading", "Memory") },
  { name: "container-files", address: "#/containers/web/files", ready: seen("button", "Read again") },
  {
    name: "container-changes",
    address: "#/containers/web/changes",
    ready: async (page) => {
      await page.getByRole("button", { name: /default.conf/ }).click();
      await page.getByLabel(/^Changed lines of/).waitFor();
    },
  },
  { name: "images", address: "#/images", ready: seen("link", "nginx") },
  { name: "image-layers", address: "#/images/counter%3Alatest/layers", ready: seen("tree", "Files in this layer") },
  { name: "image-history", address: "#/images/counter%3Alatest/history", ready: seen("region", "History") },
  {
    name: "image-compare",
    address: "#/images/counter%3Alatest/compare",
    ready: async (page) => {
      await page.getByRole("combobox", { name: "The other image" }).selectOption("nginx:latest");
      await page
        .getByRole("treeitem", { name: /app.py/ })
        .first()
        .click();
      await page.getByLabel(/^Changed lines of/).waitFor();
    },
  },
  {
    name: "image-compare-layers",
    address: "#/images/counter%3Alatest/compare",
    ready: async (page) => {
      await page.getByRole("combobox", { name: "The other image" }).selectOption("counter:latest");
      await page.getByRole("combobox", { name: "Layer of this image" }).selectOption({ index: 2 });
      await page.getByText(/^7 added/).waitFor();
    },
  },
  {
    name: "images-kept",
    address: "#/images",
    ready: async (page) => {
      await page.getByRole("button", { name: "Keep offline", exact: true }).click();
      await page.getByRole("heading", { name: "Images for when there is no network" }).waitFor();
    },
  },
  { name: "volume-files", address: "#/volumes/db_data", ready: seen("button", "Read again") },
  { name: "volumes", address: "#/volumes", ready: seen("link", "db_data") },
  {
    name: "networks",
    address: "#/networks",
    ready: async (page) => {
      await page.getByRole("button", { name: /^web / }).click();
      await page.getByRole("heading", { name: "From web" }).waitFor();
    },
  },
  {
    name: "network",
    address: "#/networks/front",
    ready: seen("link", "Close front"),
  },
  {
    name: "prune",
    address: "#/images",
    ready: async (page) => {
      await page.getByRole("button", { name: "Prune" }).click();
      await page.getByRole("heading", { name: "Remove images that nothing uses?" }).waitFor();
      await page.getByRole("checkbox").check();
    },
  },
  {
    name: "refused",
    address: "#/volumes",
    ready: async (page) => {
      await page.getByRole("button", { name: "docker volume rm db_data" }).click();
      await page.getByRole("region", { name: "Notices" }).getByText("volume is in use").waitFor();
      await page.getByRole("button", { name: /Command log/ }).click();
      await page.getByRole("heading", { name: "Command log" }).waitFor();
    },
  },
  {
    name: "new-file",
    address: "#/playground",
    ready: async (page) => {
      await page.getByRole("treeitem", { name: "Dockerfile" }).waitFor();
      await page.getByRole("button", { name: "New file" }).click();
      await page.getByLabel("Name", { exact: true }).fill("../x");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.getByText("cannot be the name of a file").waitFor();
    },
  },
  { name: "container-gone", address: "#/containers/nobody", ready: seen("link", "All containers") },
  { name: "ports", address: "#/ports", ready: seen("button", "Preview 8080") },
  { name: "system", address: "#/system", ready: seen("cell", "Images") },
  { name: "hood", address: "#/hood/web", ready: seen("heading", "Namespaces") },
  { name: "hood-two", address: "#/hood/web/cache", ready: seen("heading", "Namespaces") },
  {
    name: "editor-preview",
    address: "#/playground",
    ready: async (page) => {
      await page.getByRole("treeitem", { name: "Dockerfile" }).click();
      await page.getByRole("tab", { name: "Dockerfile" }).waitFor();
      await page.locator(".cm-content").waitFor();
      await page.getByRole("button", { name: /^8080/ }).first().click();
      await page.locator('iframe[title="Preview of port 8080"]:not([hidden])').waitFor();
    },
  },
  {
    name: "run-dialog",
    address: "#/images",
    ready: async (page) => {
      await page.getByRole("button", { name: "Run nginx:latest" }).click();
      await page.getByRole("heading", { name: "Run nginx:latest" }).waitFor();
    },
  },
  {
    name: "palette",
    address: "#/playground",
    ready: async (page) => {
      await terminal(page);
      await page.getByRole("button", { name: "Search or run" }).click();
      await page.getByRole("combobox", { name: "Search or run" }).waitFor();
    },
  },
  {
    name: "keys",
    address: "#/playground",
    ready: async (page) => {
      await terminal(page);
      await page.keyboard.press("F1");
      await page.getByRole("heading", { name: "Keys" }).waitFor();
    },
  },
  {
    name: "menu",
    address: "#/containers",
    ready: async (page) => {
      await page.getByRole("button", { name: "More for web" }).click();
      await page.getByRole("menu", { name: "web" }).waitFor();
    },
  },
  { name: "consent", address: "?image=nginx&cmd=nginx", ready: seen("button", "Open and run") },
  { name: "lesson-start", address: "#/lesson/first-containers/publish", ready: seen("button", "Begin") },
  {
    name: "lesson",
    address: "#/lesson/first-containers/publish",
    ready: async (page) => {
      await page.getByRole("button", { name: "Begin" }).click();
      await page.getByText("web runs, but publishes no port.").waitFor();
    },
  },
  { name: "lesson-draft", address: "#/lesson/draft/tides", ready: seen("textbox", "lesson.yaml") },
  { name: "embed-cover", address: "?embed=1&title=Try", ready: seen("button", "Start") },
  { name: "embed", address: "?embed=1&start=now&panels=files", ready: terminal },
  {
    name: "share",
    address: "#/playground",
    ready: async (page) => {
      await terminal(page);
      await page.getByText("Machine running", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Share" }).click();
      await page.getByRole("heading", { name: "Share this playground" }).waitFor();
    },
  },
  { name: "not-found", address: "#/nowhere", ready: seen("heading", "There is nothing at this address") },
];
