/** Flags of `docker build`, which is buildx's (0.29): its own, and those of the classic builder that it still takes. */
import type { FlagSpec } from "../command/tree.ts";
import { Flags } from "../flags/flags.ts";
import { FlagError, parseFlags } from "../flags/parse.ts";
import { CliError } from "../session/errors.ts";

function specs(text: string): readonly FlagSpec[] {
  return text.split(/\s+/).map((item) => {
    const [name = "", short = "", type = ""] = item.split(",");
    return { name, short, type, hidden: false };
  });
}

export const buildFlags = specs(
  `add-host,,list allow,,list annotation,,list attest,,list build-arg,,list build-context,,list builder,,string cache-from,,list
  cache-to,,list call,,string cgroup-parent,,string check,,bool debug,D,bool explain,,bool file,f,string force-rm,,bool iidfile,,string label,,list
  load,,bool metadata-file,,string network,,string no-cache,,bool no-cache-filter,,list output,o,list platform,,list
  policy,,list progress,,string provenance,,string pull,,bool push,,bool quiet,q,bool rm,,bool sbom,,string secret,,list
  shm-size,,bytes ssh,,list tag,t,list target,,string ulimit,,list memory,m,bytes memory-swap,,bytes cpu-shares,c,int
  cpu-period,,int cpu-quota,,int cpuset-cpus,,string cpuset-mems,,string isolation,,string compress,,bool squash,,bool
  security-opt,,list disable-content-trust,,bool`,
);

export function parse(
  command: string,
  known: readonly FlagSpec[],
  given: readonly string[],
): { readonly flags: Flags; readonly args: readonly string[]; readonly help: boolean } {
  const flags = new Flags(known);
  try {
    const { args, help } = parseFlags(flags, given, { interspersed: true });
    return { flags, args, help: help !== "no" };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      `${error.message}\n\nUsage:  ${command}\n\nRun '${command.split(" [")[0]} --help' for more information`,
      125,
    );
  }
}

export const flagSpecs = specs;
