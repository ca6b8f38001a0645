# Keeps one private PostgreSQL for the process that holds the other end of standard input.
#
# When that end closes, be it by a stop, a panic or a kill -9, `read` sees the end of its input: the server is stopped
# and the folder removed. Nothing has to be left to the process that may be gone.
#
# Usage: BIN OPTIONS PARENT…   the binaries' folder, the server's options, folders to try for the data
# Requests are lines: `init` with the password on the next line, then `start PORT` as often as it takes.
# Answers are the output of the step, then one of: @done  @taken (the port)  @failed
bin=$1
options=$2
shift 2

# The output may go to a reader that is gone; that must not end us before the server has.
trap '' HUP INT PIPE
trap 'exit 143' TERM
exec 2>&1
umask 077

# Memory is a place only where there is much of it: in most containers there is not.
has_room() {
  [ "$1" != /dev/shm ] || [ "$(df -Pk "$1" | awk 'END { print $4 }')" -ge 2097152 ] 2>/dev/null
}

init() {
  read -r password
  if ! [ -x "$bin/initdb" ]; then
    echo "The account $(id -un) cannot reach $bin: put it where every account may read, for instance below /opt"
    echo @failed
    return
  fi
  for parent in "$@"; do
    has_room "$parent" || continue
    folder=$(mktemp -d "$parent/convene-postgres.XXXXXXXX" 2>/dev/null) && break
  done
  if [ -z "$folder" ]; then
    echo "$(id -un) can write to none of: $*"
    echo @failed
    return
  fi
  printf '%s\n' "$password" >"$folder/password"
  # C.UTF-8 knows letters beyond ASCII and sorts by code point, but not every system has it.
  case $(locale -a 2>/dev/null) in
    *C.utf8* | *C.UTF-8*) locale=C.UTF-8 ;;
    *) locale=C ;;
  esac
  # The data lives as long as this process, so initdb need not wait for the disk.
  if "$bin/initdb" -D "$folder/data" -U convene --pwfile="$folder/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale="$locale" --no-sync </dev/null >"$folder/log"; then
    echo @done
  else
    tail -n 15 "$folder/log"
    echo @failed
  fi
  rm -f "$folder/password"
}

start() {
  : >"$folder/log"
  if "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -o "$options -p $1" -w -t 60 start </dev/null >/dev/null; then
    echo @done
  elif grep -q 'Address already in use' "$folder/log"; then
    echo @taken
  else
    tail -n 15 "$folder/log"
    echo @failed
  fi
}

finish() {
  trap '' TERM
  [ -n "$folder" ] || return
  if [ -s "$folder/data/postmaster.pid" ]; then
    read -r pid <"$folder/data/postmaster.pid"
    "$bin/pg_ctl" -D "$folder/data" -m fast -w -t 5 stop ||
      "$bin/pg_ctl" -D "$folder/data" -m immediate -w -t 5 stop ||
      kill -KILL "$pid"
  fi </dev/null >/dev/null
  # The server's own children may need a moment longer and still write.
  rm -rf -- "$folder" || { sleep 1 && rm -rf -- "$folder"; }
}

folder=
trap finish EXIT
while read -r request port; do
  case $request in
    init) init "$@" ;;
    start) start "$port" ;;
  esac
done
