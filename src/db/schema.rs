// @generated automatically by Diesel CLI.

diesel::table! {
    access_requests (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        requester_id -> Uuid,
        reason -> Text,
        status -> Text,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    account_team_members (client_id, user_id) {
        client_id -> Uuid,
        user_id -> Uuid,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        account_id -> Uuid,
        name -> Text,
        scopes -> Nullable<Jsonb>,
        allowed_networks -> Jsonb,
        expires_at -> Timestamptz,
        last_used_on -> Nullable<Date>,
        last_used_network -> Nullable<Text>,
        secret_digest -> Bytea,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        resource -> Text,
        resource_id -> Nullable<Uuid>,
        client_id -> Nullable<Uuid>,
        request_id -> Nullable<Text>,
        changes -> Jsonb,
        outcome -> Text,
        session_id -> Nullable<Uuid>,
        address -> Nullable<Text>,
        personal -> Nullable<Jsonb>,
        personal_salt -> Nullable<Bytea>,
        personal_digest -> Nullable<Bytea>,
        mac -> Bytea,
        api_key_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    audit_keys (id) {
        id -> Text,
        sealed_key -> Bytea,
    }
}

diesel::table! {
    audit_leaves (event_id) {
        event_id -> Uuid,
        seal -> Int8,
    }
}

diesel::table! {
    audit_seals (number) {
        number -> Int8,
        sealed_at -> Timestamptz,
        events -> Int4,
        previous -> Bytea,
        hash -> Bytea,
        mac -> Bytea,
    }
}

diesel::table! {
    audit_unsealed (event_id) {
        event_id -> Uuid,
    }
}

diesel::table! {
    client_duplicates (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        other_id -> Uuid,
        score -> Int2,
        reasons -> Array<Text>,
        status -> Text,
        allowed_because -> Nullable<Text>,
        settled_by -> Nullable<Uuid>,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    client_merges (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        survivor_id -> Uuid,
        merged_id -> Uuid,
        merged_name -> Text,
        merged_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        moved -> Jsonb,
        kept -> Jsonb,
        changed -> Jsonb,
        undone_at -> Nullable<Timestamptz>,
        undone_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    client_owners (id) {
        id -> Uuid,
        client_id -> Uuid,
        user_id -> Uuid,
        began_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        given_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
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
        last_verified_at -> Nullable<Timestamptz>,
        last_interaction_at -> Nullable<Timestamptz>,
        next_interaction_at -> Nullable<Timestamptz>,
        credit_limit -> Nullable<Numeric>,
        margin_percent -> Nullable<Numeric>,
        confidential_note -> Nullable<Text>,
        external_ids -> Jsonb,
    }
}

diesel::table! {
    competitor_offers (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        product_id -> Uuid,
        competitor_id -> Uuid,
        name -> Text,
        price -> Nullable<Numeric>,
        currency -> Nullable<Text>,
        seen_on -> Date,
        source -> Nullable<Text>,
        better_at -> Nullable<Text>,
        worse_at -> Nullable<Text>,
        is_active -> Bool,
    }
}

diesel::table! {
    competitors (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
        website -> Nullable<Text>,
        strengths -> Nullable<Text>,
        weaknesses -> Nullable<Text>,
        is_active -> Bool,
    }
}

diesel::table! {
    consents (user_id, given_by) {
        user_id -> Uuid,
        given_by -> Uuid,
        given_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    contacts (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        name -> Text,
        job_title -> Nullable<Text>,
        decision_role -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        messengers -> Jsonb,
        is_primary -> Bool,
        consents -> Jsonb,
        search -> Text,
        other_phones -> Jsonb,
        other_emails -> Jsonb,
        retired_at -> Nullable<Timestamptz>,
        erased_at -> Nullable<Timestamptz>,
        external_ids -> Jsonb,
        custom_fields -> Jsonb,
    }
}

diesel::table! {
    contract_events (id) {
        id -> Uuid,
        contract_id -> Uuid,
        client_id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    contract_numbers (year) {
        year -> Int4,
        last -> Int4,
    }
}

diesel::table! {
    contracts (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        number -> Nullable<Text>,
        title -> Text,
        status -> Text,
        author_id -> Uuid,
        amount -> Nullable<Numeric>,
        currency -> Text,
        payment_terms -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        initial_ends_on -> Nullable<Date>,
        auto_renew -> Bool,
        notice_days -> Int4,
        notice_on -> Nullable<Date>,
        signatories -> Jsonb,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
        signed_on -> Nullable<Date>,
        search -> Text,
        editor_ids -> Jsonb,
        return_reason -> Nullable<Text>,
        external_ids -> Jsonb,
        custom_fields -> Jsonb,
        amount_includes_tax -> Bool,
        submitted_on -> Nullable<Date>,
    }
}

diesel::table! {
    custom_fields (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        resource -> Text,
        name -> Text,
        kind -> Text,
        is_confidential -> Bool,
        is_unique -> Bool,
        is_indexed -> Bool,
        is_searchable -> Bool,
        label_en -> Text,
        label_ru -> Text,
        help_en -> Nullable<Text>,
        help_ru -> Nullable<Text>,
        choices -> Jsonb,
        is_required -> Bool,
        required_for_kinds -> Jsonb,
        required_in_statuses -> Jsonb,
        default_value -> Nullable<Jsonb>,
        minimum -> Nullable<Numeric>,
        maximum -> Nullable<Numeric>,
        max_length -> Nullable<Int4>,
        is_personal -> Bool,
        position -> Int4,
        is_active -> Bool,
    }
}

diesel::table! {
    custom_values (field_id, row_id, place) {
        field_id -> Uuid,
        row_id -> Uuid,
        place -> Int8,
        text_value -> Nullable<Text>,
        number_value -> Nullable<Numeric>,
        is_unique -> Bool,
    }
}

diesel::table! {
    departments (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
        kind -> Text,
        is_active -> Bool,
    }
}

diesel::table! {
    deputies (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        user_id -> Uuid,
        team_id -> Uuid,
        deputy_id -> Uuid,
        starts_on -> Date,
        ends_on -> Date,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    erasures (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        resource -> Text,
        subject_id -> Uuid,
        client_id -> Uuid,
        erased_by -> Nullable<Uuid>,
        reason -> Text,
        places -> Jsonb,
        audit_entries -> Int8,
        kept_answers -> Int8,
        letters -> Int8,
    }
}

diesel::table! {
    exchange_rates (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        currency -> Text,
        to_currency -> Text,
        rate -> Numeric,
        starts_on -> Date,
    }
}

diesel::table! {
    exports (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        owner_id -> Uuid,
        team_id -> Uuid,
        resource -> Text,
        format -> Text,
        separator -> Nullable<Text>,
        column_names -> Jsonb,
        filter -> Jsonb,
        row_count -> Nullable<Int8>,
        byte_count -> Nullable<Int8>,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    external_ids (resource, source, external_id) {
        resource -> Text,
        source -> Text,
        external_id -> Text,
        row_id -> Uuid,
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
        rights_digest -> Bytea,
        replayed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    import_rows (id) {
        id -> Uuid,
        import_id -> Uuid,
        line -> Int8,
        cells -> Jsonb,
        broken -> Nullable<Text>,
        revision -> Int8,
        fate -> Nullable<Text>,
        target_id -> Nullable<Uuid>,
        duplicate_of_line -> Nullable<Int8>,
        notes -> Jsonb,
        keys -> Jsonb,
        applied_at -> Nullable<Timestamptz>,
        target_version -> Nullable<Int8>,
        filled -> Jsonb,
        undo -> Nullable<Text>,
        group_line -> Int8,
    }
}

diesel::table! {
    imports (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        owner_id -> Uuid,
        team_id -> Uuid,
        resource -> Text,
        file_name -> Text,
        byte_count -> Int8,
        format -> Text,
        encoding -> Nullable<Text>,
        separator -> Nullable<Text>,
        head_line -> Int8,
        heads -> Jsonb,
        sample -> Jsonb,
        state -> Text,
        row_count -> Nullable<Int8>,
        counts -> Jsonb,
        revision -> Int8,
        mapping -> Jsonb,
        default_owner_id -> Nullable<Uuid>,
        duplicates -> Text,
        wrong_values -> Text,
        external_source -> Nullable<Text>,
        phone_region -> Nullable<Text>,
    }
}

diesel::table! {
    interactions (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        contact_id -> Nullable<Uuid>,
        user_id -> Uuid,
        channel -> Text,
        direction -> Text,
        purpose -> Text,
        status -> Text,
        scheduled_at -> Nullable<Timestamptz>,
        occurred_at -> Nullable<Timestamptz>,
        at -> Timestamptz,
        duration_seconds -> Nullable<Int4>,
        subject -> Text,
        summary -> Nullable<Text>,
        outcome -> Nullable<Text>,
        contract_id -> Nullable<Uuid>,
        order_id -> Nullable<Uuid>,
        follows_id -> Nullable<Uuid>,
        search -> Text,
        external_ids -> Jsonb,
        custom_fields -> Jsonb,
    }
}

diesel::table! {
    jobs (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        owner_id -> Uuid,
        team_id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        state -> Text,
        done -> Int8,
        total -> Nullable<Int8>,
        attempts -> Int8,
        error_code -> Nullable<Text>,
        error_detail -> Nullable<Text>,
        heartbeat_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        due_at -> Timestamptz,
        lease -> Nullable<Uuid>,
        leased_until -> Nullable<Timestamptz>,
        session_id -> Nullable<Uuid>,
        api_key_id -> Nullable<Uuid>,
        scopes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    lost_reasons (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
        position -> Int4,
        is_active -> Bool,
    }
}

diesel::table! {
    order_events (id) {
        id -> Uuid,
        order_id -> Uuid,
        client_id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        exceeded -> Jsonb,
        details -> Jsonb,
    }
}

diesel::table! {
    order_lines (id) {
        id -> Uuid,
        order_id -> Uuid,
        position -> Int2,
        product_id -> Uuid,
        name -> Text,
        unit -> Text,
        quantity -> Numeric,
        unit_price -> Numeric,
        discount_percent -> Numeric,
        tax_rate -> Numeric,
        net_amount -> Numeric,
        tax_amount -> Numeric,
        fulfilled_quantity -> Numeric,
        tax_reason -> Nullable<Text>,
        returned_quantity -> Numeric,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        client_id -> Uuid,
        owner_id -> Uuid,
        team_id -> Uuid,
        is_key -> Bool,
        number -> Text,
        contract_id -> Nullable<Uuid>,
        author_id -> Uuid,
        status -> Text,
        priority -> Text,
        currency -> Text,
        ordered_on -> Date,
        requested_delivery_on -> Nullable<Date>,
        comment -> Nullable<Text>,
        net_total -> Numeric,
        tax_total -> Numeric,
        total -> Numeric,
        department_id -> Nullable<Uuid>,
        due_at -> Nullable<Timestamptz>,
        submitted_at -> Nullable<Timestamptz>,
        approved_by -> Nullable<Uuid>,
        handed_over_at -> Nullable<Timestamptz>,
        fulfilled_at -> Nullable<Timestamptz>,
        queue_rank -> Int2,
        editor_ids -> Jsonb,
        return_reason -> Nullable<Text>,
        exceeded -> Jsonb,
        external_ids -> Jsonb,
        custom_fields -> Jsonb,
    }
}

diesel::table! {
    organization (is_only) {
        is_only -> Bool,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        name -> Text,
        legal_name -> Nullable<Text>,
        tax_id -> Nullable<Text>,
        kpp -> Nullable<Text>,
        registration_number -> Nullable<Text>,
        address -> Nullable<Jsonb>,
        bank_account -> Nullable<Jsonb>,
        signatory -> Nullable<Jsonb>,
        currency -> Text,
        timezone -> Text,
        phone_region -> Text,
        language -> Text,
        fiscal_year_begins -> Int2,
        expected_of_organizations -> Jsonb,
        expected_of_persons -> Jsonb,
        rounding -> Text,
        rounded_per -> Text,
        prices_include_tax -> Bool,
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
    outgoing_mails (id) {
        id -> Uuid,
        created_at -> Timestamptz,
        sealed_letter -> Bytea,
        attempts -> Int4,
        due_at -> Timestamptz,
    }
}

diesel::table! {
    password_resets (user_id) {
        user_id -> Uuid,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    products (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        sku -> Text,
        name -> Text,
        kind -> Text,
        category -> Nullable<Text>,
        supplier -> Nullable<Text>,
        unit -> Text,
        base_price -> Numeric,
        currency -> Text,
        tax_rate -> Numeric,
        min_price -> Nullable<Numeric>,
        strengths -> Nullable<Text>,
        weaknesses -> Nullable<Text>,
        is_active -> Bool,
        search -> Text,
        hidden_changes -> Int8,
        external_ids -> Jsonb,
        custom_fields -> Jsonb,
        confidential_custom_fields -> Nullable<Jsonb>,
        is_divisible -> Bool,
    }
}

diesel::table! {
    recovery_codes (user_id, code_hash) {
        user_id -> Uuid,
        code_hash -> Bytea,
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
    rights_epoch (id) {
        id -> Bool,
        number -> Int8,
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
        second_factor_required -> Bool,
        self_approval_up_to -> Nullable<Numeric>,
        duplicates_tell -> Text,
        max_increase_percent -> Nullable<Numeric>,
        order_period_days -> Int4,
        may_change_tax -> Bool,
        may_exceed_credit -> Bool,
        may_sell_inactive -> Bool,
    }
}

diesel::table! {
    saved_views (id) {
        id -> Uuid,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        owner_id -> Uuid,
        team_id -> Uuid,
        name -> Text,
        conditions -> Jsonb,
        sort -> Nullable<Text>,
        fields -> Jsonb,
        is_shared -> Bool,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Uuid,
        sealed_secret -> Bytea,
        created_at -> Timestamptz,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> Int8,
    }
}

diesel::table! {
    service_accounts (id) {
        id -> Uuid,
        description -> Nullable<Text>,
        scopes -> Jsonb,
        allowed_networks -> Jsonb,
        department_ids -> Jsonb,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        last_used_at -> Timestamptz,
        client -> Nullable<Text>,
        device -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        authenticated_at -> Timestamptz,
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
    sign_in_streaks (subject) {
        subject -> Text,
        failures -> Int4,
        last_at -> Timestamptz,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Text,
        created_at -> Timestamptz,
        public_key -> Bytea,
        sealed_private_key -> Bytea,
        retired_at -> Nullable<Timestamptz>,
        signs_from -> Timestamptz,
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
        email -> Nullable<Text>,
        job_title -> Nullable<Text>,
        role -> Text,
        team_id -> Uuid,
        status -> Text,
        password_hash -> Nullable<Text>,
        password_is_long -> Bool,
        must_change_password -> Bool,
        kind -> Text,
        search -> Text,
        timezone -> Nullable<Text>,
        language -> Nullable<Text>,
    }
}

diesel::joinable!(account_team_members -> clients (client_id));
diesel::joinable!(account_team_members -> users (user_id));
diesel::joinable!(api_keys -> service_accounts (account_id));
diesel::joinable!(client_owners -> clients (client_id));
diesel::joinable!(clients -> teams (team_id));
diesel::joinable!(competitor_offers -> competitors (competitor_id));
diesel::joinable!(competitor_offers -> products (product_id));
diesel::joinable!(contract_events -> users (actor_id));
diesel::joinable!(custom_values -> custom_fields (field_id));
diesel::joinable!(deputies -> users (deputy_id));
diesel::joinable!(erasures -> clients (client_id));
diesel::joinable!(erasures -> users (erased_by));
diesel::joinable!(exports -> teams (team_id));
diesel::joinable!(exports -> users (owner_id));
diesel::joinable!(import_rows -> imports (import_id));
diesel::joinable!(imports -> teams (team_id));
diesel::joinable!(interactions -> users (user_id));
diesel::joinable!(jobs -> teams (team_id));
diesel::joinable!(jobs -> users (owner_id));
diesel::joinable!(order_events -> users (actor_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(order_lines -> products (product_id));
diesel::joinable!(orders -> departments (department_id));
diesel::joinable!(password_resets -> users (user_id));
diesel::joinable!(recovery_codes -> second_factors (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(saved_views -> teams (team_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(service_accounts -> users (id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(users -> teams (team_id));
