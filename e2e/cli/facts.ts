/**
 * Lines whose answer is a fact of the engine, of what it runs on or of the client's surroundings when it was recorded, with the reason:
 * they are run, and not compared.
 */
const endpoint = "the recording's client was told its engine by DOCKER_HOST";
const init =
  "the init of the recording's engine needs libraries that the image has not, so that its container did not run";
const versions = "engines tell their own build and what it was built with";
const maps = "Go's maps have no order";

export const facts: Readonly<Record<string, string>> = {
  "login -u foo -p bar localhost:5000": "a registry listened there beside the recording's engine",
  "context ls": endpoint,
  "context inspect": endpoint,
  "context ls -q": endpoint,
  "context use @ctx": endpoint,
  "context rm @ctx": endpoint,
  "inspect -f '{{json .HostConfig}}' @p": "cgroup v1 has no private cgroup namespaces by default",
  "inspect -f '{{json .NetworkSettings.Ports}}' @p": init,
  "inspect -f '{{len .Mounts}} {{index .Config.Env 0}} {{printf \"%s|%d|%v|%q\" .Name .HostConfig.Memory .State.Running .Config.Hostname}}' @p":
    init,
  "inspect -f '{{if and .State.Running (gt .HostConfig.Memory 5)}}yes{{else}}no{{end}}' @p": init,
  "ps --filter name=@p --format '{{.Ports}}|{{.Labels}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Networks}}|{{.Label \"a\"}}'":
    init,
  "ps --filter name=@p --no-trunc --format 'table {{.Names}}\\t{{.Label \"a\"}}\\t{{.Command}}'": init,
  "run --init --rm busybox sh -c 'kill -9 $$'": init,
  "image inspect busybox --format '{{.Architecture}} {{.Os}} {{.RepoTags}} {{.Config.Cmd}} {{.RootFS.Type}} {{.Size}}'":
    "the image was pushed and pulled again: its size is that of another build",
  "info --format '{{.ServerVersion}} {{.Driver}}'": versions,
  "info --format '{{json .Plugins}}'": versions,
  "version --format '{{.Server.Version}} {{.Client.Version}} {{.Client.APIVersion}}'": versions,
  "--host unix:///nonexistent.sock info": "the recording's client had no buildx",
  help: "the recording's client had no buildx",
  "builder prune -f --filter foo=bar": "the recording's client had no buildx",
  "network ls --filter label=a --format '{{.Name}} {{.Labels}}'": maps,
  "inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Driver}} {{.Mode}} {{.RW}} {{.Propagation}}|{{end}}' @v":
    maps,
  "network connect @nosuch @s": "moby takes any name for a container that does not run, and refuses it at its start",
  "pull --disable-content-trust=false busybox": "the line about the default tag comes before the notary is asked",
  "events --since 5m --until 10m --filter event=x": "it tells the time",
  "cp @i:/etc/hosts -": "the archive tells the time",
  "image save --platform linux/arm64 busybox -o /dev/null": "a device is not told from another file here",
};
