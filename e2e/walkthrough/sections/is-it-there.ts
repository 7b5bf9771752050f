import type { Section } from "../step.ts";

const facts = "the engine tells its own build, machine and kernel";

export const isItThere: Section = {
  name: "1-is-it-there",
  title: "1 Is it there",
  images: [],
  absent: ["hello-world"],
  steps: [
    "docker --version",
    "docker version --format '{{.Client.Version}} {{.Client.APIVersion}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Os}}'",
    {
      line: "docker version",
      own: {
        why: facts,
        code: 0,
        stdout: [
          "Client:",
          " Version:  28\\.2\\.2",
          " API version:  1\\.50",
          " Go version:  go1\\.24\\.3",
          " Git commit:  e6534b4",
          " Built:  Fri May 30 12:07:14 2025",
          " OS/Arch:  linux/.+",
          " Context:  default",
          "",
          "Server: .+",
          " Engine:",
          "  Version:  28\\.5\\.2.*",
          "  API version:  1\\.51 \\(minimum version 1\\.24\\)",
          "  Go version:  .+",
          "  Git commit:  .+",
          "  Built:  .+",
          "  OS/Arch:  linux/386",
          "  Experimental:  false",
          " .+:",
          "  Version:  .+",
          "  GitCommit:.*",
        ],
      },
    },
    "docker info --format '{{.OSType}} {{.Driver}} {{.LoggingDriver}} {{.Swarm.LocalNodeState}} {{.DefaultRuntime}}'",
    {
      line: "docker info --format '{{.CgroupVersion}} {{.Architecture}}'",
      own: { why: "the machine has cgroup v2 and an i686 kernel", code: 0, stdout: ["2 i686"], stderr: [] },
    },
    { line: "docker --help", own: { why: "it lists the client's plugins, which differ", code: 0, stderr: [] } },
    {
      line: "docker run --help",
      own: {
        why: "--platform shows the variable of this comparison; e2e/cli/help.test.ts compares it",
        code: 0,
        stderr: [],
      },
    },
    {
      line: "docker pull hello-world",
      shown: [
        "Using default tag: latest",
        "latest: Pulling from library/hello-world",
        "<id>: Pull complete",
        "Digest: sha256:<ID>",
        "Status: Downloaded newer image for hello-world:latest",
        "docker.io/library/hello-world:latest",
      ],
    },
    {
      line: "docker run --name hello hello-world",
      own: {
        why: "the image tells its own steps, which are those of the catalogue",
        code: 0,
        stderr: [],
        stdout: [
          "",
          "Hello from Docker!",
          "This message shows .+",
          "",
          "To generate this message.+",
          ...Array(14).fill(".*"),
        ],
      },
    },
    "docker ps -a --filter ancestor=hello-world --format '{{.Image}} {{.Command}}'",
    "docker rm hello",
    "docker images hello-world --format '{{.Repository}}:{{.Tag}}'",
    "docker rmi -f hello-world",
    "docker rmi hello-world",
    "docker nosuch",
    "docker ps --nosuch",
    "docker run",
  ],
};
