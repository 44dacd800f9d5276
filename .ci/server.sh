# A server of its own for tests from outside: a fresh database in a temporary folder, a supervisor and a manager.

SERVER=
SERVER_PID=
SERVER_HOME=

start_server() {
    [[ -z $SERVER_PID ]] || return 0
    cargo build --locked
    SERVER_HOME=$(mktemp -d)
    chmod 755 "$SERVER_HOME"
    local role port
    for role in supervisor manager; do
        target/debug/liaison user create --data-dir "$SERVER_HOME/data" \
            --email "$(user_of "$role")" --name "Test $role" --role "$role" --team Tests \
            2>>"$SERVER_HOME/log" | sed -n 's/.* with the password //p' | tail -1 >"$SERVER_HOME/$role"
    done
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    SERVER=http://127.0.0.1:$port
    target/debug/liaison --data-dir "$SERVER_HOME/data" --listen "127.0.0.1:$port" --issuer "$SERVER" \
        >>"$SERVER_HOME/log" 2>&1 </dev/null &
    SERVER_PID=$!
    local tries
    for tries in {1..150}; do
        ! curl -fsS -o /dev/null "$SERVER/readyz" 2>/dev/null || return 0
        sleep 0.2
    done
    printf 'the server is not ready after %d tries\n' "$tries"
    cat "$SERVER_HOME/log"
    return 1
}

stop_server() {
    [[ -n $SERVER_PID ]] || return 0
    kill "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" || true
    rm -rf "$SERVER_HOME"
    SERVER_PID=
}

# Fails when the server has gone, or logged a failure of its own.
still_alive() {
    curl -fsS -o /dev/null "$SERVER/readyz"
    if grep -E 'request failed|panicked' "$SERVER_HOME/log"; then
        printf 'the server logged a failure\n'
        return 1
    fi
}

user_of() {
    printf '%s@tests.example' "$1"
}

password_of() {
    cat "$SERVER_HOME/$1"
}

access_token() {
    curl -fsS "$SERVER/v1/auth/token" --data-urlencode grant_type=password \
        --data-urlencode "username=$(user_of "$1")" --data-urlencode "password=$(password_of "$1")" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
