import type { ImageRecipe } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

/** The contract of the well-known image: its variables, its messages, /docker-entrypoint-initdb.d. */
const ENTRYPOINT = `#!/bin/bash
set -Eeo pipefail
[[ $1 == -* ]] && set -- postgres "$@"

# NAME from the variable or, for secrets, from the file that NAME_FILE names.
from_file() {
  local file="$1_FILE"
  if [[ \${!1} && \${!file} ]]; then
    echo "error: both $1 and $file are set (but are exclusive)" >&2
    exit 1
  fi
  if [[ \${!file} ]]; then export "$1=$(< "\${!file}")"; else export "$1=\${!1:-$2}"; fi
  unset "$file"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    [[ -e $file ]] || continue
    echo "/usr/local/bin/docker-entrypoint.sh: running $file"
    case $file in
      *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
      *.sql) process_sql -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | process_sql ;;
      *.sql.xz) xzcat "$file" | process_sql ;;
      *) echo "/usr/local/bin/docker-entrypoint.sh: ignoring $file" ;;
    esac
    echo
  done
}

process_sql() {
  PGPASSWORD=$POSTGRES_PASSWORD psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc --dbname "$POSTGRES_DB" "$@"
}

initialize() {
  if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
    cat >&2 <<'TEXT'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html
TEXT
    exit 1
  fi
  local cluster=/usr/share/postgresql/15/cluster
  if [[ $POSTGRES_USER == postgres && -z $POSTGRES_INITDB_ARGS && $LANG == C.UTF-8 ]]; then
    # What initdb would make with these settings lies ready in the image.
    echo "Copying the database cluster prepared by initdb ..."
    cp -a "$cluster/." "$PGDATA"
local quote="'"
    echo "ALTER USER postgres PASSWORD '\${POSTGRES_PASSWORD//$quote/$quote$quote}'" | postgres --single -c log_checkpoints=off -D "$PGDATA" postgres > /dev/null
  else
    # initdb's own syncing is the longest part of it here; one sync follows instead.
    eval "initdb --username=\\"\\$POSTGRES_USER\\" --pwfile=<(printf '%s\\n' \\"\\$POSTGRES_PASSWORD\\") --no-sync $POSTGRES_INITDB_ARGS"
  fi
  sync
  {
    echo
    [[ $POSTGRES_HOST_AUTH_METHOD == trust ]] && echo "# warning trust is enabled for all connections"
    echo "host all all all \${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
  } >> "$PGDATA/pg_hba.conf"
  if [[ $POSTGRES_DB != postgres ]]; then
    echo "CREATE DATABASE \\"\${POSTGRES_DB//\\"/\\"\\"}\\"" | postgres --single -c log_checkpoints=off -D "$PGDATA" template1 > /dev/null
    echo "CREATE DATABASE"
  fi
  if [[ -n $(ls /docker-entrypoint-initdb.d) ]]; then
    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    run_init_files
    pg_ctl -D "$PGDATA" -m fast -w stop
  fi
  unset PGPASSWORD
  echo
  echo "PostgreSQL init process complete; ready for start up."
  echo
}

if [[ $1 == postgres && $* != *--help* && $* != *--version* ]]; then
  if [[ $EUID == 0 ]]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    chown -R postgres "$PGDATA"
    chown postgres /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$BASH_SOURCE" "$@"
  fi
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
  if [[ -s $PGDATA/PG_VERSION ]]; then
    printf '\\nPostgreSQL Database directory appears to contain a database; Skipping initialization\\n\\n'
  else
    initialize
  fi
fi
exec "$@"
`;

export const postgres: ImageRecipe = {
  name: "postgres",
  tags: ["latest", "15", "bookworm", "15-bookworm"],
  description: "The PostgreSQL object-relational database system provides reliability and data integrity.",
  layers: [
    debianLayer,
    {
      id: "postgres",
      packages: ["postgresql-15", "xz-utils"],
      dpkg: true,
      archives: { "usr/share/postgresql/15/cluster": "postgres-cluster.tar.br" },
      prefetch: [
        "usr/local/bin/docker-entrypoint.sh",
        "usr/lib/postgresql/15/bin/initdb",
        "usr/lib/postgresql/15/bin/postgres",
        "usr/share/postgresql/15/postgres.bki",
        "usr/bin/setpriv",
      ],
      effects: {
        accounts: [
          {
            name: "postgres",
            uid: 999,
            gid: 999,
            home: "/var/lib/postgresql",
            shell: "/bin/bash",
            comment: "PostgreSQL administrator",
          },
        ],
        files: [{ path: "usr/local/bin/docker-entrypoint.sh", text: ENTRYPOINT, mode: 0o755 }],
        directories: [
          { path: "docker-entrypoint-initdb.d" },
          { path: "var/lib/postgresql", owner: "postgres:postgres" },
          { path: "var/lib/postgresql/data", mode: 0o1777, owner: "postgres:postgres" },
          { path: "run/postgresql", mode: 0o3777, owner: "postgres:postgres" },
        ],
        templates: [
          {
            path: "usr/share/postgresql/15/postgresql.conf.sample",
            from: "usr/share/postgresql/15/postgresql.conf.sample",
            replace: [["^#?listen_addresses\\s*=\\s*'[^']*'", "listen_addresses = '*'"]],
          },
        ],
      },
    },
  ],
  config: {
    ExposedPorts: { "5432/tcp": {} },
    Env: [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin",
      "LANG=C.UTF-8",
      "PG_MAJOR=15",
      "PGDATA=/var/lib/postgresql/data",
    ],
    Entrypoint: ["docker-entrypoint.sh"],
    Cmd: ["postgres"],
    Volumes: { "/var/lib/postgresql/data": {} },
    StopSignal: "SIGINT",
  },
};
