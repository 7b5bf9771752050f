import type { Own, Section } from "../step.ts";

const noIndex = "the real engine of the comparison reaches no package index";
const built: Own = { why: noIndex, code: 0, stdout: ["sha256:<ID>"], stderr: [] };

export const build: Section = {
  name: "5-build",
  title: "5 Dockerfile and build",
  images: ["busybox", "python"],
  files: {
    "app/Dockerfile": `FROM python
WORKDIR /app
COPY . /app
RUN pip install -r requirements.txt
EXPOSE 80
ENV NAME World
CMD ["python", "app.py"]
`,
    "app/requirements.txt": "Flask\n",
    "app/app.py": `import os
from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "Hello {}!".format(os.getenv("NAME", "nobody"))


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=80)
`,
    "two/Dockerfile": `FROM busybox AS builder
WORKDIR /src
COPY hello.c .
RUN sed 's/^/compiled: /' hello.c > /hello && chmod 755 /hello

FROM builder AS test
RUN grep -q compiled /hello && echo passed > /result
CMD ["cat", "/result"]

FROM busybox
COPY --from=builder /hello /usr/bin/hello
CMD ["cat", "/usr/bin/hello"]
`,
    "two/hello.c": "int main;\n",
    "words/Dockerfile": `ARG VERSION=latest
FROM busybox:\${VERSION} AS base
ARG VERSION
ARG COLOUR=blue
ENV COLOUR=\${COLOUR} FROM_ARG=\${VERSION:-none} UNSET=\${NOTHING:-default}
LABEL org.example.colour="$COLOUR" multi="a b"
SHELL ["/bin/ash", "-c"]
RUN echo "$0 $COLOUR" > /shell
ADD pack.txt /data/
COPY --chown=1000:100 --chmod=640 pack.txt /owned.txt
COPY <<EOF <<'RAW' /heredoc/
colour: $COLOUR
EOF
colour: $COLOUR
RAW
RUN <<EOF
set -e
echo one > /lines
echo two >> /lines
EOF
USER 1000:100
WORKDIR /home/someone
VOLUME /data
EXPOSE 8080 53/udp
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=30s --timeout=3s --retries=2 CMD true
ONBUILD RUN echo built on it > /tmp/trigger
ENTRYPOINT ["/bin/ash", "-c"]
CMD ["cat /shell /lines /heredoc/*; ls -ln /owned.txt; pwd; id -u"]
`,
    "words/pack.txt": "packed\n",
    "child/Dockerfile": 'FROM words\nCMD ["cat /tmp/trigger"]\n',
    "context/Dockerfile": "FROM busybox\nCOPY . /all\nCMD find /all -type f | sort\n",
    "context/.dockerignore": "*.log\n!keep.log\nnode_modules\n**/*.tmp\n",
    "context/a.log": "",
    "context/keep.log": "",
    "context/deep/b.tmp": "",
    "context/deep/c.txt": "",
    "context/node_modules/x.js": "",
    "context/other.Dockerfile": 'FROM busybox\nCMD ["echo", "the other"]\n',
    "mounts/Dockerfile": `FROM busybox
RUN --mount=type=cache,target=/cache echo cached >> /cache/file && wc -l < /cache/file > /count
RUN --mount=type=secret,id=token cat /run/secrets/token > /seen
RUN --mount=type=bind,source=bound.txt,target=/bound.txt cat /bound.txt >> /seen
RUN --mount=type=tmpfs,target=/scratch touch /scratch/x && ls /scratch >> /seen
CMD ["cat", "/seen"]
`,
    "mounts/bound.txt": "bound\n",
    "mounts/token.txt": "secret\n",
    "bad/unknown.Dockerfile": "FROM busybox\nRUNN true\n",
    "bad/stage.Dockerfile": "FROM busybox\nCOPY --from=nosuchstage /a /b\n",
    "bad/missing.Dockerfile": "FROM busybox\nCOPY nosuchfile /\n",
    "bad/fails.Dockerfile": "FROM busybox\nRUN echo before; exit 7\n",
    "bad/args.Dockerfile": "FROM busybox\nWORKDIR\n",
  },
  steps: [
    { line: "docker build -q -t my-app:1.0 {dir}/app", own: built },
    { line: "docker build -q -t my-app:1.0 {dir}/app", own: built },
    {
      line: "docker run -d -p 8080:80 --name my-app my-app:1.0",
      own: { why: noIndex, code: 0, stdout: ["<ID>"], stderr: [] },
    },
    {
      line: "docker run --rm --network host busybox sh -c 'for i in $(seq 300); do wget -qO- http://127.0.0.1:8080/ && break; sleep 0.2; done 2>/dev/null'",
      own: { why: noIndex, code: 0, stdout: ["Hello World!"], stderr: [] },
    },
    { line: "docker rm -f my-app", own: { why: noIndex, code: 0, stdout: ["my-app"], stderr: [] } },
    "docker build -q -t two {dir}/two",
    "docker run --rm two",
    "docker build -q --target test -t two:test {dir}/two",
    "docker run --rm two:test",
    "docker history --no-trunc --format '{{.CreatedBy}}|{{.Comment}}' two",
    "docker build -q -t words {dir}/words",
    "docker run --rm words",
    "docker build -q -t words --build-arg COLOUR=red --label extra=1 {dir}/words",
    "docker run --rm words",
    "docker inspect -f '{{json .Config.Env}} {{json .Config.Labels}} {{.Config.User}} {{.Config.WorkingDir}} {{json .Config.Volumes}} {{json .Config.ExposedPorts}} {{.Config.StopSignal}} {{json .Config.Healthcheck}} {{json .Config.OnBuild}} {{json .Config.Shell}} {{json .Config.Entrypoint}}' words",
    "docker history --no-trunc --format '{{.CreatedBy}}|{{.Comment}}' words",
    "docker build -q -t child {dir}/child",
    "docker run --rm child",
    "docker build -q -t context {dir}/context",
    "docker run --rm context",
    "docker build -q -t other -f {dir}/context/other.Dockerfile {dir}/context",
    "docker run --rm other",
    { line: "docker build -q -t piped -", stdin: 'FROM busybox\nCMD ["echo", "from a pipe"]\n' },
    "docker run --rm piped",
    "docker build -q -t mounts --secret id=token,src={dir}/mounts/token.txt {dir}/mounts",
    "docker run --rm mounts",
    "docker build -q -f {dir}/bad/unknown.Dockerfile {dir}/bad",
    "docker build -q -f {dir}/bad/args.Dockerfile {dir}/bad",
    "docker build -q -f {dir}/bad/fails.Dockerfile {dir}/bad",
    "docker build -q -f {dir}/bad/missing.Dockerfile {dir}/bad",
    "docker build -q --target nosuch {dir}/two",
    "docker build -q -f {dir}/nosuch {dir}/two",
    "docker build -q {dir}/nosuch",
    { line: "docker rmi two two:test child words context other piped mounts", unordered: true },
  ],
};
