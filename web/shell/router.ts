/** The address after `#`, as data and back. Names of containers and images are encoded: they can hold anything. */
export type ContainerTab = "logs" | "inspect" | "stats" | "files" | "changes";
export type ImageTab = "layers" | "history" | "compare" | "inspect";

export type Route =
  | { readonly view: "home" }
  | { readonly view: "playground" }
  /** `name` is TRACK/LESSON, or "url/" and the address of a `lesson.yaml`. */
  | { readonly view: "lesson"; readonly name: string }
  | { readonly view: "containers"; readonly name?: string; readonly tab?: ContainerTab }
  | { readonly view: "images"; readonly name?: string; readonly tab?: ImageTab }
  | { readonly view: "volumes"; readonly name?: string }
  | { readonly view: "networks"; readonly name?: string }
  /** A playground in the address itself (`#v1.…`), or at another one (`#open/…`, see ways-in.ts). */
  | { readonly view: "link"; readonly fragment: string }
  | { readonly view: "ports" }
  | { readonly view: "system" }
  | { readonly view: "hood"; readonly name?: string; readonly beside?: string }
  | { readonly view: "notFound"; readonly address: string };

const containerTabs: ReadonlySet<string> = new Set<ContainerTab>(["logs", "inspect", "stats", "files", "changes"]);
const imageTabs: ReadonlySet<string> = new Set<ImageTab>(["layers", "history", "compare", "inspect"]);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseRoute(hash: string): Route {
  if (/^#(v\d+\.|open\/)/.test(hash)) return { view: "link", fragment: hash };
  const [view = "", first, second] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decode);
  const name = first === undefined || first === "" ? {} : { name: first };
  switch (view) {
    case "":
      return { view: "home" };
    case "playground":
    case "ports":
    case "system":
      return { view };
    case "lesson":
      return first === undefined || second === undefined
        ? { view: "notFound", address: hash }
        : { view, name: `${first}/${second}` };
    case "containers":
      return { view, ...name, ...(containerTabs.has(second ?? "") ? { tab: second as ContainerTab } : {}) };
    case "images":
      return { view, ...name, ...(imageTabs.has(second ?? "") ? { tab: second as ImageTab } : {}) };
    case "volumes":
    case "networks":
      return { view, ...name };
    case "hood":
      return { view, ...name, ...(second === undefined || second === "" ? {} : { beside: second }) };
    default:
      return { view: "notFound", address: hash };
  }
}

export function formatRoute(route: Route): string {
  if (route.view === "home") return "#/";
  if (route.view === "notFound") return route.address;
  if (route.view === "link") return route.fragment;
  if (route.view === "lesson") {
    const [track = "", ...lesson] = route.name.split("/");
    return `#/lesson/${encodeURIComponent(track)}/${encodeURIComponent(lesson.join("/"))}`;
  }
  const parts: string[] = [route.view];
  if ("name" in route && route.name !== undefined) {
    parts.push(route.name);
    if ("tab" in route && route.tab !== undefined) parts.push(route.tab);
    if ("beside" in route && route.beside !== undefined) parts.push(route.beside);
  }
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

const titles: Readonly<Record<Route["view"], string>> = {
  home: "Drydock",
  playground: "Playground",
  lesson: "Lesson",
  link: "From a link",
  containers: "Containers",
  images: "Images",
  volumes: "Volumes",
  networks: "Networks",
  ports: "Ports",
  system: "System",
  hood: "Under the hood",
  notFound: "Not found",
};

/** A lesson in its author's words; its address has ids. */
export interface LessonWords {
  /** As in the lesson's route. */
  readonly name: string;
  readonly title: string;
  readonly track?: string;
}

/** What the head shows: the place, and the thing in it. */
export function placeOf(route: Route, lesson?: LessonWords): { readonly place: string; readonly item?: string } {
  const place = titles[route.view];
  if (route.view === "lesson")
    return lesson?.name === route.name ? { place: lesson.track ?? place, item: lesson.title } : { place };
  return "name" in route && route.name !== undefined ? { place, item: route.name } : { place };
}

export function titleOf(route: Route, lesson?: LessonWords): string {
  const { place, item } = placeOf(route, lesson);
  if (route.view === "home") return "Drydock: Docker, running in this tab";
  return item === undefined ? `${place} · Drydock` : `${item} · ${place} · Drydock`;
}
