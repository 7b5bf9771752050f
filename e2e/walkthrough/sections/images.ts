import type { Section } from "../step.ts";

const noHub = "the real engine of the comparison cannot reach Docker Hub; this one asks its catalogue first";

export const images: Section = {
  name: "4-images",
  title: "4 Images and registries",
  images: ["busybox", "registry:2"],
  absent: ["busybox:glibc"],
  steps: [
    { line: "docker pull busybox:glibc", unordered: true },
    "docker pull busybox:glibc",
    "docker pull -q busybox:glibc",
    "docker images busybox:glibc",
    "docker images -q busybox:glibc",
    "docker image ls --digests busybox:glibc --format '{{.Repository}} {{.Tag}} {{.Digest}}'",
    "docker images nosuch",
    "docker images --filter dangling=nosuch",
    "docker tag busybox my-app",
    "docker tag nosuch my-app",
    "docker tag busybox Bad/Name",
    "docker history --no-trunc my-app --format '{{.CreatedBy}}|{{.Comment}}'",
    "docker history -q nosuch",
    "docker image inspect -f '{{.Os}} {{.Architecture}} {{.Config.Cmd}} {{.RootFS.Type}} {{len .RootFS.Layers}}' my-app",
    "docker image inspect nosuch",
    {
      line: "docker run -d -p 5000:5000 --name registry registry:2",
      own: { why: "beside the real engine a registry listens there already", code: 0, stdout: ["<ID>"], stderr: [] },
    },
    "docker run --rm --network host busybox sh -c 'until wget -qO- http://127.0.0.1:5000/v2/; do sleep 0.2; done 2>/dev/null'",
    "docker tag my-app localhost:5000/my-app",
    {
      line: "docker push localhost:5000/my-app",
      unordered: true,
      own: {
        why: "the real engine's registry may hold the layer of an earlier recording",
        code: 0,
        stdout: [
          "<id>: Preparing",
          "<id>: Pushed",
          "The push refers to repository \\[localhost:5000/my-app\\]",
          "Using default tag: latest",
          "latest: digest: sha256:<ID> size: \\d+",
        ],
        stderr: [],
      },
    },
    { line: "docker push localhost:5000/my-app", unordered: true },
    "docker push localhost:5000/nosuch",
    "docker rmi localhost:5000/my-app",
    { line: "docker pull localhost:5000/my-app", unordered: true },
    "docker run --rm localhost:5000/my-app echo from the registry",
    "docker pull localhost:5000/my-app:nosuch",
    "docker pull localhost:5000/nosuch",
    "docker login -u someone -p secret localhost:5000",
    "docker logout localhost:5000",
    "docker logout nosuch.example",
    "docker rmi localhost:5000/my-app my-app busybox:glibc",
    "docker rmi nosuch",
    "docker rm -f registry",
    {
      line: "docker pull no-such-image",
      own: {
        why: noHub,
        code: 1,
        stdout: ["Using default tag: latest"],
        stderr: [
          "Error response from daemon: pull access denied for no-such-image, repository does not exist or may require 'docker login'.*",
        ],
      },
    },
    {
      line: "docker pull busybox:no-such-tag",
      own: {
        why: noHub,
        code: 1,
        stdout: [],
        stderr: ["Error response from daemon: manifest for busybox:no-such-tag not found: manifest unknown: .+"],
      },
    },
    {
      line: "docker pull ubuntu:20.04",
      own: {
        why: "Ubuntu has no 32-bit image: the answer says what to take instead",
        code: 1,
        stdout: [],
        stderr: [
          "Error response from daemon: no matching manifest for linux/386 .+ use debian instead \\(docker pull debian\\)",
        ],
      },
    },
    {
      line: "docker run --rm ubuntu cat /etc/debian_version",
      own: {
        why: "debian stands in for the name of most introductions, and that is said",
        code: 0,
        stdout: ["12\\..+"],
      },
    },
    { line: "docker rmi -f ubuntu", own: { why: "see the line before", code: 0 } },
    "docker image prune -f --filter label=walkthrough",
    "docker pull 'bad name'",
    {
      line: "docker pull busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000",
      own: {
        why: noHub,
        code: 1,
        stdout: [],
        stderr: ["Error response from daemon: manifest for busybox@sha256:<ID> not found: manifest unknown: .+"],
      },
    },
  ],
};
