/**
 * `npm run docker -- ARGS…`: runs one docker command line on a machine of its own and exits with its exit code. Images, containers and
 * volumes are kept in .drydock/ (or the folder that DRYDOCK_STATE names; "memory" keeps nothing); containers that still run end with the machine. Containers
 * reach what this machine reaches; `--offline` before the command, or DRYDOCK_OFFLINE, switches that off.
 */
import { processInvocation } from "../worker/cli/main.node.ts";
import { openDrydock } from "../worker/node.ts";
import { buildImages, buildMachine } from "./build/steps.ts";
import { stateDirectory } from "./state.ts";

await buildMachine();
await buildImages("prebuilt");
const [first, ...rest] = process.argv.slice(2);
const isOffline = first === "--offline";
const drydock = await openDrydock({ state: stateDirectory(), ...(isOffline ? { offline: true } : {}) });
const code = await drydock.docker(processInvocation(isOffline ? rest : process.argv.slice(2)));
await drydock.close();
process.exit(code);
