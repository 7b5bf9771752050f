/** One table: how each kind of check is answered from the view. */
import type { Check, Place, SimpleCheck } from "../format/index.ts";
import { checkContainer, hasLabel, nameOf } from "./container.ts";
import { checkImage } from "./image.ts";
import { enumeration, type Observation, observed, passed, soonest, waiting } from "./observation.ts";
import { sameReference } from "./reference.ts";
import { untilSteady } from "./steady.ts";
import type { LessonView } from "./view.ts";

type Kind = SimpleCheck["kind"];
type Of<K extends Kind> = Extract<SimpleCheck, { kind: K }>;
type Evaluators = { readonly [K in Kind]: (check: Of<K>, view: LessonView) => Promise<Observation> };

export async function evaluate(check: Check, view: LessonView): Promise<Observation> {
  switch (check.kind) {
    case "all": {
      for (const part of check.of) {
        const answer = await evaluate(part, view);
        if (answer.state !== "passed") return answer;
      }
      return passed;
    }
    case "any": {
      const answers: Observation[] = [];
      for (const part of check.of) {
        const answer = await evaluate(part, view);
        if (answer.state === "passed") return passed;
        answers.push(answer);
      }
      const young = answers.find((answer) => answer.state === "waiting" && answer.again === soonest(answers));
      if (young !== undefined && soonest(answers) !== undefined) return young;
      // What was seen tells more than that nothing is there yet.
      return answers.find(({ state }) => state === "observed") ?? answers[0] ?? waiting("Nothing has happened yet.");
    }
    case "not": {
      const answer = await evaluate(check.of, view);
      if (answer.state === "passed") return observed(check.say);
      // Whether it holds is not known before the time is over.
      return soonest([answer]) === undefined ? passed : answer;
    }
    default:
      return await (evaluators[check.kind] as (check: SimpleCheck, view: LessonView) => Promise<Observation>)(
        check,
        view,
      );
  }
}

const evaluators: Evaluators = {
  container: checkContainer,

  image: checkImage,

  async volume(check, view) {
    const found = (await view.volumes()).find(({ Name }) => Name === check.name);
    if (check.absent === true)
      return found === undefined ? passed : observed(`The volume ${check.name} is still here.`);
    if (found === undefined) return waiting(`There is no volume ${check.name} yet.`);
    return check.label === undefined || hasLabel(found.Labels, check.label)
      ? passed
      : observed(`The volume ${check.name} has no label ${check.label}.`);
  },

  async network(check, view) {
    const found = (await view.networks()).find(({ Name }) => Name === check.name);
    if (check.absent === true)
      return found === undefined ? passed : observed(`The network ${check.name} is still here.`);
    if (found === undefined) return waiting(`There is no network ${check.name} yet.`);
    if (check.driver !== undefined && found.Driver !== check.driver)
      return observed(`${check.name} is a ${found.Driver} network.`);
    if (check.internal !== undefined && found.Internal !== check.internal)
      return observed(`${check.name} is ${found.Internal ? "" : "not "}internal.`);
    const subnets = (found.IPAM.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet]));
    return check.subnet === undefined || subnets.includes(check.subnet)
      ? passed
      : observed(`${check.name} has the subnet ${enumeration(subnets)}.`);
  },

  async count(check, view) {
    const { number, missing } = await countOf(check, view);
    const what = [check.state, number === 1 ? check.of.slice(0, -1) : check.of].filter(Boolean).join(" ");
    if (missing > 0) return waiting("Something has just started. Does it stay?", missing);
    if (number < (check.min ?? 0))
      return number === 0
        ? waiting(`There are no ${what} yet.`)
        : observed(`There ${number === 1 ? "is" : "are"} ${number} ${what}.`);
    return number > (check.max ?? Number.POSITIVE_INFINITY)
      ? observed(`There ${number === 1 ? "is" : "are"} still ${number} ${what}.`)
      : passed;
  },

  async gone(check, view) {
    const found = (await view.containers()).find((each) => nameOf(each) === check.container);
    return found === undefined ? passed : observed(`${check.container} is still here (${found.State.Status}).`);
  },

  async http(check, view) {
    const host = check.host ?? "localhost";
    const where = `${host}:${check.port}${check.from === undefined ? "" : ` (asked from ${check.from})`}`;
    const answer = await view.http({ from: check.from, host, port: check.port, path: check.path ?? "/" });
    if (check.refused === true)
      return answer.kind === "answer" ? observed(`${where} still answers, with status ${answer.status}.`) : passed;
    if (answer.kind === "refused") return waiting(`Nobody answers at ${where} yet.`);
    if (answer.kind === "silent") return observed(`${where} takes connections, but gives no answer.`);
    if (answer.status !== (check.status ?? 200)) return observed(`${where} answers with status ${answer.status}.`);
    return check.contains === undefined || answer.body.includes(check.contains)
      ? passed
      : observed(`${where} answers, but "${check.contains}" is not in it.`);
  },

  async file(check, view) {
    const found = await view.file(check.in, check.path);
    const where = fileName(check.in, check.path);
    if (check.absent === true) return found === undefined ? passed : observed(`${where} is still there.`);
    if (found === undefined) return waiting(`There is no ${where} yet.`);
    if (check.type !== undefined && found.type !== check.type) return observed(`${where} is a ${found.type}.`);
    if (check.contains !== undefined && !found.text.includes(check.contains))
      return observed(`${where} does not hold "${check.contains}".`);
    if (check.equals !== undefined && found.text.trim() !== check.equals.trim())
      return observed(`${where} holds "${found.text.trim().slice(0, 60)}".`);
    const lines = linesOf(found.text);
    if (lines < (check.lines?.min ?? 0) || lines > (check.lines?.max ?? Number.POSITIVE_INFINITY))
      return observed(`${where} has ${lines} ${lines === 1 ? "line" : "lines"}.`);
    if (check.uid !== undefined && found.uid !== check.uid)
      return observed(`${where} belongs to the user with number ${found.uid}.`);
    if (check.mode !== undefined && found.mode !== Number.parseInt(check.mode, 8))
      return observed(`${where} has the mode ${found.mode.toString(8).padStart(4, "0")}.`);
    return passed;
  },

  async logs(check, view) {
    if (!(await view.containers()).some((each) => nameOf(each) === check.container))
      return waiting(`There is no container named ${check.container} yet.`);
    return (await view.logs(check.container)).includes(check.contains)
      ? passed
      : waiting(`The logs of ${check.container} do not show "${check.contains}" yet.`);
  },

  async process(check, view) {
    const where = check.container ?? "the machine";
    const found = (await view.processes(check.container)).filter(({ command }) => command.includes(check.command));
    if (check.absent === true)
      return found.length === 0 ? passed : observed(`"${check.command}" still runs in ${where}.`);
    if (found.length === 0) return waiting(`No process with "${check.command}" runs in ${where} yet.`);
    return check.user === undefined || found.some(({ user }) => user === check.user)
      ? passed
      : observed(`"${check.command}" runs as ${found[0]?.user}.`);
  },

  async event(check, view) {
    const seen = view.events.filter(
      ({ Type, Action, Actor: { Attributes } }) =>
        Type === check.type &&
        (Action === check.action || Action.startsWith(`${check.action}:`)) &&
        (check.name === undefined || Attributes.name === check.name) &&
        (check.image === undefined ||
          (Attributes.image !== undefined && sameReference(Attributes.image, check.image))) &&
        Object.entries(check.attributes ?? {}).every(([key, value]) => Attributes[key] === value),
    );
    const times = check.times ?? 1;
    if (seen.length >= times) return passed;
    return waiting(
      seen.length === 0 ? "This has not happened yet in this step." : `This has happened ${seen.length} times so far.`,
    );
  },
};

/** `missing`: milliseconds until all that runs has done so for a moment, where that is asked for. */
async function countOf(check: Of<"count">, view: LessonView): Promise<{ number: number; missing: number }> {
  if (check.of === "containers") {
    const found = (await view.containers()).filter(
      ({ State, Config }) =>
        (check.state === undefined || State.Status === check.state) &&
        (check.image === undefined || sameReference(Config.Image, check.image)) &&
        (check.label === undefined || hasLabel(Config.Labels, check.label)),
    );
    const waits = check.state === "running" ? found.map((each) => untilSteady(each, view.now)) : [];
    return { number: found.length, missing: Math.max(0, ...waits) };
  }
  if (check.of === "images") {
    const found = (await view.images()).filter(
      ({ RepoTags, Config }) =>
        (check.dangling === undefined || check.dangling === (RepoTags.length === 0)) &&
        (check.label === undefined || hasLabel(Config.Labels, check.label)),
    );
    return { number: found.length, missing: 0 };
  }
  const all = check.of === "volumes" ? await view.volumes() : await view.networks();
  const labelled = all.filter(({ Labels }) => check.label === undefined || hasLabel(Labels, check.label));
  return { number: labelled.length, missing: 0 };
}

/** As `wc -l` counts, and one more when the last one has no end. */
const linesOf = (text: string): number => (text === "" ? 0 : text.replace(/\n$/, "").split("\n").length);

function fileName(place: Place, path: string): string {
  if (place === "workspace" || place === "machine") return path;
  return "container" in place ? `${path} in ${place.container}` : `${path} in the volume ${place.volume}`;
}
