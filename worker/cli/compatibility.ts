/** Where this client does less than docker/cli 28.2.2, or the same for a reason, by canonical command or "command --flag". Everything else is complete. */
export interface Shortfall {
  readonly level: "yes" | "partial" | "no";
  readonly why: string;
}
const same = (why: string): Shortfall => ({ level: "yes", why });
const partial = (why: string): Shortfall => ({ level: "partial", why });
const no = (why: string): Shortfall => ({ level: "no", why });

const notary = partial("no notary is within reach; trust data of one that were is not written");
const swarm = partial("asks the engine and shows its refusal; flags that shape a service are not sent");

export const shortfalls: Readonly<Record<string, Shortfall>> = {
  completion: partial("bash only"),
  "image build --cpuset-cpus": same("as BuildKit: accepted, without effect"),
  "image build --cpuset-mems": same("as BuildKit: accepted, without effect"),
  "image build --squash": same("as BuildKit: a warning, and layers are kept"),
  "buildx build --annotation": same("as the docker driver: checked, and kept nowhere"),
  "buildx build --attest": same("as the docker driver, which refuses it; history keeps each build's provenance"),
  "buildx build --provenance": same("as the docker driver, which refuses it; history keeps each build's provenance"),
  "buildx build --sbom": same("as the docker driver, which refuses it"),
  "buildx create": no("refused: there is no BuildKit image for further builders"),
  "buildx history export": partial("records as JSON; Docker Desktop's bundle is its own format"),
  "buildx history import": same("as the plugin where no Docker Desktop runs"),
  "buildx history open": same("as the plugin where no Docker Desktop runs"),
  "buildx history ls --local": no("refused: the client knows no Git remotes"),
  "buildx bake --provenance": same("as the docker driver, which refuses it"),
  "buildx bake --sbom": same("as the docker driver, which refuses it"),
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
