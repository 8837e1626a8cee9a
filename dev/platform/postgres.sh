# shellcheck shell=bash
# Postgres, the S3 server and the fake Stripe as plain processes: how they are
# set up and called, for the platform and for the tests alike. Sourced after lib.sh.

postgres_bin=/usr/lib/postgresql/15/bin
bucket=datacrowd

# Postgres refuses to run as root. The one capability lets it reach its folder
# through parents that are closed to others, such as /root.
as_postgres=(setpriv --reuid postgres --regid postgres --init-groups
  --inh-caps +dac_read_search --ambient-caps +dac_read_search --)

# postgres_init DIR METHOD [PASSWORD]: an empty server that lets people in over
# TCP by METHOD (trust, scram-sha-256); PASSWORD is the superuser's. The folder
# gets its name only when it is complete.
postgres_init() {
  [ -d "$1" ] && return
  rm -rf "$1.new"
  install -d -o postgres -g postgres -m 0700 "$1.new"
  (
    cd "$1.new"
    "${as_postgres[@]}" "$postgres_bin/initdb" --pgdata "$1.new" --username postgres --encoding UTF8 \
      --locale C.UTF-8 --auth "$2" --pwfile <(printf '%s\n' "${3:-postgres}") --no-sync >/dev/null
    printf 'host all all all %s\n' "$2" >pg_hba.conf
  )
  mv "$1.new" "$1"
}

# postgres_command DIR ADDRESS PORT [SETTING...]: fills the array `command`.
postgres_command() {
  local dir=$1 address=$2 port=$3 setting
  shift 3
  # No Unix socket: its path would have to be shorter than some checkouts' are.
  command=("${as_postgres[@]}" "$postgres_bin/postgres" -D "$dir" -h "$address" -p "$port" -k '')
  for setting; do command+=(-c "$setting"); done
}

# provision OWNER_PASSWORD APP_PASSWORD PSQL...: the four contexts' databases
# and roles, through a superuser's psql.
provision() {
  local owner_password=$1 app_password=$2 context
  shift 2
  for context in auth core payments notifications; do
    "$@" --no-psqlrc --quiet -v context=$context -v database=$context \
      -v owner_password="$owner_password" -v app_password="$app_password" -f - <"$dev/platform/provision.sql"
  done
}

# object_store_command DIR ADDRESS:PORT: fills the array `command`; the keys are
# in the environment, where other users of the machine do not see them.
object_store_command() {
  mkdir -p "$1/data" "$1/versions"
  command=("$versitygw_dir/versitygw" --port "$2" --region us-east-1 --quiet --keep-alive posix --versioning-dir "$1/versions" "$1/data")
}

# make_bucket ENDPOINT ACCESS_KEY SECRET_KEY: unless it is there.
make_bucket() {
  local empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 # sha256 of nothing
  local request=(curl --silent --fail --output /dev/null --user "$2:$3" --aws-sigv4 aws:amz:us-east-1:s3
    --header "x-amz-content-sha256: $empty")
  "${request[@]}" --head "$1/$bucket" || "${request[@]}" --request PUT "$1/$bucket"
}

# stripe_mock_command ADDRESS:PORT: fills the array `command`. The vendor's fake: it
# checks requests against Stripe's own description and remembers nothing. It always
# speaks HTTPS too; without a port of the system's choice, two of them would collide.
stripe_mock_command() { command=("$stripe_mock_dir/stripe-mock" -http-addr "$1" -https-addr 127.0.0.1:); }
