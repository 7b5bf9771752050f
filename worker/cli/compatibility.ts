/** Where this client does less than docker/cli 28.2.2, by canonical command or "command --flag". Everything else is complete. */
export interface Shortfall {
  readonly level: "partial" | "no";
  readonly why: string;
}
const partial = (why: string): Shortfall => ({ level: "partial", why });
const no = (why: string): Shortfall => ({ level: "no", why });

const notary = partial("no notary is within reach; trust data of one that were is not written");
const swarm = partial("asks the engine and shows its refusal; flags that shape a service are not sent");

export const shortfalls: Readonly<Record<string, Shortfall>> = {
  completion: partial("bash only"),
  "image build --cpuset-cpus": no("accepted; the kernel has one processor and no cpusets"),
  "image build --cpuset-mems": no("accepted; the kernel has one processor and no cpusets"),
  "image build --squash": no("accepted, but layers are kept, as in BuildKit"),
  "buildx build --annotation": no("accepted, but image manifests here carry none, as with the docker driver"),
  "buildx build --attest": no("refused in the docker driver's words; history keeps each build's provenance"),
  "buildx build --provenance": no("refused in the docker driver's words; history keeps each build's provenance"),
  "buildx build --sbom": no("refused in the docker driver's words"),
  "buildx build --ssh": no("refused: no agent can be forwarded into the machine"),
  "buildx create": no("refused: there is no BuildKit image for further builders"),
  "buildx dial-stdio": no("refused: the builder is the engine itself"),
  "buildx history export": partial("records as JSON; Docker Desktop's bundle is its own format"),
  "buildx history import": no("refused: needs Docker Desktop"),
  "buildx history open": no("refused: needs Docker Desktop"),
  "buildx history ls --local": no("refused: the client knows no Git remotes"),
  "buildx bake --provenance": no("refused in the docker driver's words"),
  "buildx bake --sbom": no("refused in the docker driver's words"),
  "buildx prune --min-free-space": no("accepted: space is what the browser gives"),
  "service create": swarm,
  "service logs": swarm,
  "service ps": swarm,
  "service rollback": swarm,
  "service update": swarm,
  "node ps": swarm,
  "stack config": swarm,
  "stack deploy": swarm,
  "stack ls": swarm,
  "stack ps": swarm,
  "stack rm": swarm,
  "stack services": swarm,
  "swarm ca": swarm,
  "swarm init": swarm,
  "swarm unlock": swarm,
  "swarm unlock-key": swarm,
  "swarm update": swarm,
  "trust inspect": partial("tells that nothing is signed; trust data of a notary within reach is not read"),
  "trust revoke": notary,
  "trust sign": notary,
  "trust signer add": notary,
  "trust signer remove": notary,
};
