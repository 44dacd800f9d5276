// @generated automatically by Diesel CLI.

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        resource -> Text,
        resource_id -> Uuid,
        client_id -> Nullable<Uuid>,
        request_id -> Nullable<Text>,
        changes -> Jsonb,
    }
}

diesel::table! {
    clients (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        kind -> Text,
        name -> Text,
        legal_name -> Nullable<Text>,
        tax_id -> Nullable<Text>,
        registration_number -> Nullable<Text>,
        industry -> Nullable<Text>,
        status -> Text,
        source -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        messengers -> Jsonb,
        address -> Nullable<Jsonb>,
        website -> Nullable<Text>,
        employees -> Nullable<Int4>,
        language -> Nullable<Text>,
        timezone -> Nullable<Text>,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        tags -> Array<Text>,
        external_source -> Nullable<Text>,
        external_id -> Nullable<Text>,
        last_verified_at -> Nullable<Timestamptz>,
        last_interaction_at -> Nullable<Timestamptz>,
        next_interaction_at -> Nullable<Timestamptz>,
        credit_limit -> Nullable<Numeric>,
        margin_percent -> Nullable<Numeric>,
        confidential_note -> Nullable<Text>,
        archived_from -> Nullable<Text>,
        search -> Text,
    }
}

diesel::table! {
    idempotency_keys (actor_id, key) {
        actor_id -> Uuid,
        key -> Text,
        fingerprint -> Bytea,
        status -> Int2,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    outbox_events (position) {
        position -> Int8,
        id -> Uuid,
        at -> Timestamptz,
        #[sql_name = "type"]
        type_ -> Text,
        resource -> Text,
        resource_id -> Uuid,
        client_id -> Nullable<Uuid>,
        version -> Int8,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Bytea,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    role_policies (role) {
        role -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        max_discount_percent -> Nullable<Numeric>,
        max_contract_amount -> Nullable<Numeric>,
        max_order_amount -> Nullable<Numeric>,
        may_own_key_clients -> Bool,
        grants -> Jsonb,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sign_in_failures (subject) {
        subject -> Text,
        failures -> Int4,
        window_ends_at -> Timestamptz,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Text,
        created_at -> Timestamptz,
        public_key -> Bytea,
        sealed_private_key -> Bytea,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    teams (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
        email -> Text,
        job_title -> Nullable<Text>,
        role -> Text,
        team_id -> Uuid,
        status -> Text,
        password_hash -> Text,
    }
}

diesel::joinable!(clients -> teams (team_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(users -> teams (team_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit_events,
    clients,
    idempotency_keys,
    outbox_events,
    refresh_tokens,
    role_policies,
    sessions,
    sign_in_failures,
    signing_keys,
    teams,
    users,
);
