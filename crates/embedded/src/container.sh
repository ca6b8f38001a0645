# Keeps one private Postgres container for the process that holds the other end of standard input.
#
# When that end closes, be it by a stop, a panic or a kill -9, `read` sees the end of its input and the container is
# stopped and removed. Nothing has to be left to the process that may be gone.
#
# Usage: IMAGE NAME ARGUMENT…   the arguments are the server's
# Requests are lines: `fetch`, then `start` with the password on the next line, then `state`.
# Answers are the output of the step, then @done or @failed; the output of `start` is the published address.
image=$1
name=$2
shift 2

# The output may go to a reader that is gone; that must not end us before the container has.
trap '' HUP INT PIPE
trap 'exit 143' TERM
exec 2>&1
umask 077
log=$(mktemp "${TMPDIR:-/tmp}/convene-container.XXXXXXXX") || exit 1

failed() {
  tail -n 15 "$log"
  echo @failed
}

# In the background, because a pull takes minutes and the end of the input must not wait for it.
fetch() {
  if docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >"$log"; then
    echo @done
  else
    failed
  fi
}

# The client stays in the foreground of the container, so that its words survive its removal.
start() {
  read -r POSTGRES_PASSWORD
  export POSTGRES_PASSWORD
  docker run --rm --name "$name" --label convene.embedded=1 --publish 127.0.0.1::5432 --shm-size 256m \
    --stop-signal SIGINT --env POSTGRES_USER=convene --env POSTGRES_DB=postgres --env POSTGRES_PASSWORD \
    "$image" postgres "$@" </dev/null >"$log" &
  client=$!
  while kill -0 "$client" 2>/dev/null; do
    address=$(docker port "$name" 5432/tcp 2>/dev/null | head -n 1)
    if [ -n "$address" ]; then
      echo "$address"
      echo @done
      return
    fi
    sleep 0.2
  done
  failed
}

state() {
  if kill -0 "$client" 2>/dev/null; then echo @done; else failed; fi
}

finish() {
  trap '' TERM
  # Only a pull can still be under way; it is in our process group, and so is nothing of anybody else.
  if [ -n "$fetching" ] && kill -0 "$fetching" 2>/dev/null; then kill -TERM 0; fi
  if [ -n "$client" ]; then
    docker stop --time 5 "$name"
    tries=0
    while docker container inspect "$name" && [ "$tries" -lt 25 ]; do
      docker rm --force --volumes "$name"
      tries=$((tries + 1))
      sleep 0.2
    done
  fi </dev/null >/dev/null 2>&1
  wait
  rm -f -- "$log"
}

fetching=
client=
trap finish EXIT
while read -r request; do
  case $request in
    fetch)
      fetch </dev/null &
      fetching=$!
      ;;
    start) start "$@" ;;
    state) state ;;
  esac
done
