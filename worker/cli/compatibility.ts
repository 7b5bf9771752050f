/** Where this client does less than docker/cli 28.2.2, by canonical command or "command --flag". Everything else is complete. */
export interface Shortfall {
  readonly level: "partial" | "no";
  readonly why: string;
}
const partial = (why: string): Shortfall => ({ level: "partial", why });
const no = (why: string): Shortfall => ({ level: "no", why });

const notary = partial("no notary is within reach; trust data of one that were is not written");
const swarm = partial("asks the engine and shows its refusal; flags that shape a service are not sent");

const limit = no("accepted, but a build's steps run without this limit");

export const shortfalls: Readonly<Record<string, Shortfall>> = {
  completion: partial("bash only"),
  "image build": partial("git contexts, --ssh, attestations and cache import or export are not there"),
  "image build --cache-from": no("accepted, but nothing is imported"),
  "image build --cgroup-parent": limit,
  "image build --cpu-period": limit,
  "image build --cpu-quota": limit,
  "image build --cpu-shares": limit,
  "image build --cpuset-cpus": limit,
  "image build --cpuset-mems": limit,
  "image build --memory": limit,
  "image build --memory-swap": limit,
  "image build --squash": no("accepted, but layers are kept"),
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
