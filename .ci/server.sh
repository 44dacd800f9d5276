# A server of its own for tests from outside: the demonstration company in a temporary folder.

SERVER=
SERVER_PID=
SERVER_HOME=
SERVER_PASSWORD=

# Starts the server without limits on requests, or with other settings.
start_server() {
    [[ -z $SERVER_PID ]] || return 0
    local limits=("$@")
    ((${#limits[@]} > 0)) || limits=(--requests-per-minute off --anonymous-requests-per-minute off)
    # With the same features as the tests: a plain build would compile everything a second time.
    cargo test --locked --quiet --no-run
    SERVER_HOME=$(mktemp -d)
    chmod 755 "$SERVER_HOME"
    SERVER_PASSWORD=$(python3 -c 'import secrets; print(secrets.token_urlsafe(18))')
    local port tries
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    SERVER=http://127.0.0.1:$port
    LIAISON_DEMO_PASSWORD=$SERVER_PASSWORD target/debug/liaison --demo --data-dir "$SERVER_HOME/data" \
        --listen "127.0.0.1:$port" --issuer "$SERVER" \
        "${limits[@]}" >"$SERVER_HOME/log" 2>&1 </dev/null &
    SERVER_PID=$!
    for tries in {1..600}; do
        ! curl -fsS -o /dev/null "$SERVER/readyz" 2>/dev/null || return 0
        kill -0 "$SERVER_PID" 2>/dev/null || break
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
    case $1 in
        supervisor) echo andrew.fuller@northwind.example ;;
        key_account_manager) echo nancy.davolio@northwind.example ;;
        manager) echo laura.callahan@northwind.example ;;
    esac
}

# Runs a client of the server that takes from the environment where it is and who signs in.
as_user() {
    LIAISON_URL=$SERVER LIAISON_USER=$(user_of "$1") LIAISON_PASSWORD=$SERVER_PASSWORD "${@:2}"
}

access_token() {
    curl -fsS "$SERVER/v1/auth/token" --data-urlencode grant_type=password \
        --data-urlencode "username=$(user_of "$1")" --data-urlencode "password=$SERVER_PASSWORD" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
