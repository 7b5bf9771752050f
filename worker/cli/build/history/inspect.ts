/** `docker buildx history inspect`: the record as a text to read and as data. */

import { goTimeOf } from "../../../go/time.ts";
import { alignTabs } from "../../format/tabwriter.ts";
import { placesText } from "../excerpt.ts";
import { configType, provenanceType } from "./provenance.ts";
import { durationText, milliseconds, statusWords, type WholeRecord } from "./record.ts";

const counts = ({ vertexes }: WholeRecord) => ({
  completed: vertexes.filter(({ completed }) => completed !== undefined).length,
  total: vertexes.length,
  cached: vertexes.filter(({ cached }) => cached === true).length,
});

const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([Name, Value]) => ({ Name, Value }));

export function inspectJson(record: WholeRecord, now: number) {
  const { completed, total, cached } = counts(record);
  return {
    Name: record.name,
    Ref: record.ref,
    Context: record.context,
    Dockerfile: record.dockerfile,
    ...(record.target === undefined ? {} : { Target: record.target }),
    StartedAt: record.created,
    ...(record.completed === undefined ? {} : { CompletedAt: record.completed }),
    Duration: milliseconds(record, now) * 1e6,
    Status: record.status,
    ...(record.error === undefined ? {} : { Error: { Code: 2, Message: record.error.message } }),
    NumCompletedSteps: completed,
    NumTotalSteps: total,
    NumCachedSteps: cached,
    ...(Object.keys(record.buildArgs).length === 0 ? {} : { BuildArgs: pairs(record.buildArgs) }),
    ...(Object.keys(record.labels).length === 0 ? {} : { Labels: pairs(record.labels) }),
    Config: { ImageResolveMode: "local", ...(record.noCache ? { NoCache: true } : {}) },
    Materials: record.materials.map(({ uri, digest }) => ({ URI: uri, Digests: [digest] })),
    Attachments: attachments(record),
    Steps: record.steps,
  };
}

const attachments = ({ image, status }: WholeRecord) => [
  ...(image === undefined ? [] : [{ Digest: image, Type: configType }]),
  ...(status === "completed" ? [{ Digest: "", Type: provenanceType }] : []),
];

export function inspectPretty(record: WholeRecord, now: number): string {
  const { completed, total, cached } = counts(record);
  const head = [
    ["Name", record.name],
    ["Ref", record.ref],
    ["Context", record.context],
    ["Dockerfile", record.dockerfile],
    ...(record.target === undefined ? [] : [["Target", record.target]]),
  ];
  const state = [
    ["Started", goTimeOf(record.created.replace(/\.\d+/, ""))],
    ["Duration", durationText(milliseconds(record, now))],
    ...(record.status === "completed" ? [] : [["Status", statusWords[record.status]]]),
    ["Build Steps", `${completed}/${total} (${total === 0 ? 0 : Math.round((cached * 100) / total)}% cached)`],
  ];
  const table = (rows: readonly (readonly string[])[]): string =>
    rows.map(([label = "", value = ""]) => `${label}:\t${label.length < 7 ? "\t" : ""}${value}\n`).join("");
  const parts = [table(head), table(state), table([["Image Resolve Mode", "local"]])];
  const named = (title: string, values: Readonly<Record<string, string>>): void => {
    if (Object.keys(values).length > 0)
      parts.push(
        alignTabs(`${[title, ...Object.entries(values).map(([name, value]) => `${name}\t${value}`)].join("\n")}\n`),
      );
  };
  named("BUILD ARG\tVALUE", record.buildArgs);
  named("LABEL\tVALUE", record.labels);
  if (record.materials.length > 0)
    parts.push(
      `Materials:\n${alignTabs(["URI\tDIGEST", ...record.materials.map(({ uri, digest }) => `${uri}\t${digest}`), ""].join("\n"))}`,
    );
  const attached = attachments(record);
  if (attached.length > 0)
    parts.push(
      `Attachments:\n${alignTabs(["DIGEST\tPLATFORM\tTYPE", ...attached.map(({ Digest, Type }) => `${Digest}\t\t${Type}`), ""].join("\n"))}`,
    );
  if (record.error !== undefined) {
    const { message, ...places } = record.error;
    parts.push(`Error: ${message}\n${placesText(places)}`);
  }
  parts.push(`Print build logs: docker buildx history logs ${record.ref}\n`);
  return parts.join("\n");
}
